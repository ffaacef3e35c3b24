using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Lets the database compare, and fetches the rows that differ only to name their columns.</summary>
internal sealed class PairComparison(ISidePair sides, DifferenceEmitter emitter, ProgressMeter meter)
{
    public async Task<IReadOnlyList<TableComparison>> CompareAsync(IReadOnlyList<TablePair> pairs, CancellationToken cancellationToken)
    {
        var tables = new List<TableComparison>(pairs.Count);
        foreach (var pair in pairs)
        {
            tables.Add(await CompareAsync(pair, cancellationToken).ConfigureAwait(false));
            meter.Add(pair.Name.ToString(), tables[^1].RowsEqual + tables[^1].RowsDifferent, 0);
        }

        meter.End();
        return tables;
    }

    private async Task<TableComparison> CompareAsync(TablePair pair, CancellationToken cancellationToken)
    {
        var counts = new long[3];
        using var differing = new DifferenceLog(pair);
        using var only = new DifferenceLog(pair);
        var equal = await sides.CompareAsync(
            pair.Source,
            pair.Destination,
            (kind, keys) =>
            {
                counts[(int)kind] += keys.Count;
                return emitter.IsWanted ? Keep(pair, kind, keys, kind == RowDifferenceKind.Different ? differing : only, cancellationToken) : default;
            },
            cancellationToken).ConfigureAwait(false);
        if (differing.Count > 0)
            await SecondLook.RepeatAsync(sides.Source, sides.Destination, pair, differing, only, cancellationToken).ConfigureAwait(false);
        await emitter.EmitAsync(pair.Source, only, cancellationToken).ConfigureAwait(false);
        return new TableComparison
        {
            Table = pair.Name.ToString(),
            Equal = counts.All(count => count == 0),
            RowsOnlyInSource = counts[(int)RowDifferenceKind.OnlyInSource],
            RowsOnlyInDestination = counts[(int)RowDifferenceKind.OnlyInDestination],
            RowsDifferent = counts[(int)RowDifferenceKind.Different],
            RowsEqual = equal,
            PairedBy = pair.Source.HasKey ? TableComparisonResult.ByKey : TableComparisonResult.ByMultiset,
        };
    }

    private static ValueTask Keep(TablePair pair, RowDifferenceKind kind, RowBatch rows, DifferenceLog log, CancellationToken cancellationToken)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            if (pair.Source.HasKey)
                log.AddKey(kind, rows[i]);
            else if (kind == RowDifferenceKind.OnlyInSource)
                log.Add(kind, rows[i], default);
            else
                log.Add(kind, default, rows[i]);
        }

        return log.FlushAsync(cancellationToken);
    }
}
