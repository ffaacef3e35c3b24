namespace LoggerCms.Core.Comparison;

/// <summary>How a table, or a range of it, compares; with the sums of both sides where they were asked for.</summary>
public sealed record TableComparisonResult(TableComparison Comparison, TableSum? SourceSum = null, TableSum? DestinationSum = null)
{
    internal const string ByKey = "Key";
    internal const string ByKeyHash = "KeyHash";
    internal const string ByMultiset = "Multiset";
    internal const string ByRowHash = "RowHash";

    /// <summary>The result of several ranges of one table.</summary>
    public static TableComparisonResult Combine(TablePair pair, IReadOnlyList<TableComparisonResult> parts)
    {
        if (parts.Count == 1)
            return parts[0];
        var comparisons = parts.Select(part => part.Comparison).ToList();
        return new TableComparisonResult(
            new TableComparison
            {
                Table = pair.Name.ToString(),
                Equal = Combine(comparisons.Select(c => c.Equal)),
                RowsOnlyInSource = comparisons.Sum(c => c.RowsOnlyInSource),
                RowsOnlyInDestination = comparisons.Sum(c => c.RowsOnlyInDestination),
                RowsDifferent = comparisons.Sum(c => c.RowsDifferent),
                RowsSettled = comparisons.Sum(c => c.RowsSettled),
                RowsEqual = comparisons.Sum(c => c.RowsEqual),
                PairedBy = comparisons.Any(c => c.PairedBy == ByKeyHash) ? ByKeyHash : comparisons[0].PairedBy,
            },
            Merge(parts.Select(part => part.SourceSum)),
            Merge(parts.Select(part => part.DestinationSum)));
    }

    /// <summary>False when any part is; otherwise null when any part is.</summary>
    internal static bool? Combine(IEnumerable<bool?> parts)
    {
        bool? equal = true;
        foreach (var part in parts)
        {
            if (part is false)
                return false;
            equal = part is null ? null : equal;
        }

        return equal;
    }

    private static TableSum? Merge(IEnumerable<TableSum?> parts)
    {
        var merged = default(TableSum);
        foreach (var part in parts)
        {
            if (part is not { } sum)
                return null;
            merged.Merge(sum);
        }

        return merged;
    }
}

/// <summary>Counts while a table is compared.</summary>
internal sealed class ComparisonTally(TablePair pair, bool sums)
{
    public long OnlyInSource;
    public long OnlyInDestination;
    public long Different;
    public long Equal;
    public TableSum SourceSum;
    public TableSum DestinationSum;

    public bool Sums => sums;

    public TableComparisonResult ToResult(string pairedBy) => new(
        new TableComparison
        {
            Table = pair.Name.ToString(),
            Equal = OnlyInSource == 0 && OnlyInDestination == 0 && Different == 0,
            RowsOnlyInSource = OnlyInSource,
            RowsOnlyInDestination = OnlyInDestination,
            RowsDifferent = Different,
            RowsEqual = Equal,
            PairedBy = pairedBy,
        },
        sums ? SourceSum : null,
        sums ? DestinationSum : null);
}
