using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>A table, or a range of it, as one piece of work.</summary>
internal sealed record TableRange(int Table, KeyRange? Range);

/// <summary>Cuts tables into pieces that several readers work on side by side.</summary>
internal static class TableRanges
{
    // More pieces than readers, so that one long piece at the end does not leave the others idle.
    private const int PiecesPerReader = 4;

    /// <summary>
    /// Cuts tables that both sides can read in ranges, by what the source holds; the ranges hold for the destination too, since the first and the last one are open.
    /// </summary>
    public static async Task<List<TableRange>> CutAsync(
        ISideSnapshot source, ISideSnapshot destination, IReadOnlyList<TablePair> pairs, int readers, CancellationToken cancellationToken)
    {
        var pieces = new List<TableRange>();
        for (var i = 0; i < pairs.Count; i++)
        {
            var canSplit = readers > 1 && CanSplit(pairs[i].Source) && CanSplit(pairs[i].Destination)
                && (await destination.SplitAsync(pairs[i].Destination, 2, cancellationToken).ConfigureAwait(false)).Count > 1;
            await CutAsync(source, pairs[i].Source, i, canSplit ? readers : 1, pieces, cancellationToken).ConfigureAwait(false);
        }

        return pieces;
    }

    public static async Task<List<TableRange>> CutAsync(
        ISideSnapshot snapshot, IReadOnlyList<TableSchema> tables, int readers, CancellationToken cancellationToken)
    {
        var pieces = new List<TableRange>();
        for (var i = 0; i < tables.Count; i++)
            await CutAsync(snapshot, tables[i], i, CanSplit(tables[i]) ? readers : 1, pieces, cancellationToken).ConfigureAwait(false);
        return pieces;
    }

    private static async Task CutAsync(
        ISideSnapshot snapshot, TableSchema table, int index, int readers, List<TableRange> pieces, CancellationToken cancellationToken)
    {
        IReadOnlyList<KeyRange> ranges =
            readers < 2 ? [] : await snapshot.SplitAsync(table, readers * PiecesPerReader, cancellationToken).ConfigureAwait(false);
        if (ranges.Count <= 1)
            pieces.Add(new TableRange(index, null));
        else
            pieces.AddRange(ranges.Select(range => new TableRange(index, range)));
    }

    /// <summary>A NULL is in no range, so a key column that may hold one is read whole.</summary>
    private static bool CanSplit(TableSchema table)
        => table.HasKey && table.Columns[table.Key[0]] is { Type.Kind: LogicalKind.Integer, Nullable: false };
}
