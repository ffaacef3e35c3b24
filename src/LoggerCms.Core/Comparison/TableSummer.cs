using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Sums tables.</summary>
public static class TableSummer
{
    /// <summary>Sums one table, or a range of it, through one reader.</summary>
    public static async Task<TableSum> SumAsync(
        IRowReader reader, TableSchema table, KeyRange? range, Action<long, long>? onRows, CancellationToken cancellationToken)
    {
        var sums = new TableSum[1];
        await AddAsync(reader, table, range, sums, onRows, cancellationToken).ConfigureAwait(false);
        return sums[0];
    }

    /// <summary>Sums tables with all readers of the snapshot, large ones in ranges; in the order of <paramref name="tables"/>.</summary>
    public static async Task<IReadOnlyList<TableSum>> SumAllAsync(
        ISideSnapshot snapshot, IReadOnlyList<TableSchema> tables, Action<string, long, long>? onRows, CancellationToken cancellationToken)
    {
        var sums = new TableSum[tables.Count];
        var merging = new Lock();
        var pieces = await TableRanges.CutAsync(snapshot, tables, snapshot.Readers, cancellationToken).ConfigureAwait(false);
        await SideBySide.ForEachAsync(
            pieces,
            snapshot.Readers,
            async (piece, cancel) =>
            {
                var table = tables[piece.Table];
                var name = table.Name.ToString();
                var sum = new TableSum[1];
                await AddAsync(snapshot, table, piece.Range, sum, (rows, bytes) => onRows?.Invoke(name, rows, bytes), cancel).ConfigureAwait(false);
                lock (merging)
                    sums[piece.Table].Merge(sum[0]);
            },
            cancellationToken).ConfigureAwait(false);
        return sums;
    }

    /// <summary>Not a task of a sum: the framework's code for tasks of a struct is compiled anew in every process.</summary>
    private static async Task AddAsync(
        IRowReader reader, TableSchema table, KeyRange? range, TableSum[] to, Action<long, long>? onRows, CancellationToken cancellationToken)
    {
        var misfits = new RowMisfits(table);
        await foreach (var batch in reader.ReadAsync(new RowQuery(table, Range: range), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                Add(ref to[0], misfits, batch);
                onRows?.Invoke(batch.Count, batch.Length);
            }
        }
    }

    private static void Add(ref TableSum sum, RowMisfits misfits, RowBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch[i];
            sum.Add(row);
            sum.Misfits += misfits.Count(row);
        }
    }
}
