using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>A table, or a range of it, as one piece of work.</summary>
internal sealed record TableRange(int Table, KeyRange? Range);

/// <summary>Cuts tables into pieces that several readers work on side by side.</summary>
internal static class TableRanges
{
    // More pieces than readers, so that one long piece at the end does not leave the others idle.
    private const int PiecesPerReader = 4;

    /// <summary>Cuts by the source; the ranges hold for the destination too, since the first and the last one are open.</summary>
    public static Task<List<TableRange>> CutAsync(ISideSnapshot source, IReadOnlyList<TablePair> pairs, int readers, CancellationToken cancellationToken)
        => CutAsync(source, [.. pairs.Select(pair => pair.Source)], [.. pairs.Select(pair => CanSplit(pair.Source) && CanSplit(pair.Destination))], readers, cancellationToken);

    public static Task<List<TableRange>> CutAsync(
        ISideSnapshot snapshot, IReadOnlyList<TableSchema> tables, int readers, CancellationToken cancellationToken)
        => CutAsync(snapshot, tables, [.. tables.Select(CanSplit)], readers, cancellationToken);

    private static async Task<List<TableRange>> CutAsync(
        ISideSnapshot snapshot, IReadOnlyList<TableSchema> tables, IReadOnlyList<bool> canSplit, int readers, CancellationToken cancellationToken)
    {
        var pieces = new List<TableRange>();
        for (var i = 0; i < tables.Count; i++)
        {
            if (readers < 2 || !canSplit[i])
            {
                pieces.Add(new TableRange(i, null));
                continue;
            }

            var ranges = await snapshot.SplitAsync(tables[i], readers * PiecesPerReader, cancellationToken).ConfigureAwait(false);
            if (ranges.Count <= 1)
                pieces.Add(new TableRange(i, null));
            else
                pieces.AddRange(ranges.Select(range => new TableRange(i, range)));
        }

        return pieces;
    }

    /// <summary>A NULL is in no range, so a key column that may hold one is read whole.</summary>
    private static bool CanSplit(TableSchema table)
        => table.HasKey && table.Columns[table.Key[0]] is { Type.Kind: LogicalKind.Integer, Nullable: false };
}
