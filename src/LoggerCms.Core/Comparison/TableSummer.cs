using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Sums tables.</summary>
public static class TableSummer
{
    /// <summary>Sums one table, or a range of it, through one reader.</summary>
    public static async Task<TableSum> SumAsync(
        IRowReader reader, TableSchema table, KeyRange? range, Action<long, long>? onRows, CancellationToken cancellationToken)
    {
        var sum = default(TableSum);
        var misfits = new RowMisfits(table);
        await foreach (var batch in reader.ReadAsync(new RowQuery(table, Range: range), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                Add(ref sum, misfits, batch);
                onRows?.Invoke(batch.Count, batch.Length);
            }
        }

        return sum;
    }

    /// <summary>Sums tables with all readers of the snapshot, large ones in ranges; in the order of <paramref name="tables"/>.</summary>
    public static async Task<IReadOnlyList<TableSum>> SumAllAsync(
        ISideSnapshot snapshot, IReadOnlyList<TableSchema> tables, Action<string, long, long>? onRows, CancellationToken cancellationToken)
    {
        var sums = new TableSum[tables.Count];
        var merging = new Lock();
        var pieces = await TableRanges.CutAsync(snapshot, tables, snapshot.Readers, cancellationToken).ConfigureAwait(false);
        await Parallel.ForEachAsync(
            pieces,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, snapshot.Readers), CancellationToken = cancellationToken },
            async (piece, cancel) =>
            {
                var table = tables[piece.Table];
                var name = table.Name.ToString();
                var sum = await SumAsync(snapshot, table, piece.Range, (rows, bytes) => onRows?.Invoke(name, rows, bytes), cancel).ConfigureAwait(false);
                lock (merging)
                    sums[piece.Table].Merge(sum);
            }).ConfigureAwait(false);
        return sums;
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
