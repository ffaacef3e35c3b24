using LoggerCms.Core.Comparison;

namespace LoggerCms.Databases.Tests.Support;

/// <summary>Compares tables by the databases' hashes and row by row, under the same snapshots, and holds the two answers together.</summary>
internal static class Hashing
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Pairs every table of both sides by name.</summary>
    public static List<TablePair> Pairs(IRowReader source, IRowReader destination)
        => [.. source.Catalog.Tables.Join(destination.Catalog.Tables, t => t.Name, t => t.Name, (s, d) => new TablePair(s, d))];

    /// <summary>Compares by hashes every table that can be, and by rows all of them.</summary>
    /// <returns>By table name, what the comparison by rows says and whether hashes were compared as well. Fails where the two disagree in anything.</returns>
    public static async Task<Dictionary<string, Answer>> AgreeAsync(ISideSnapshot source, ISideSnapshot destination)
    {
        var pairs = Pairs(source, destination);
        var byRows = new List<(TableComparison Comparison, List<string> Differences)>();
        foreach (var pair in pairs)
            byRows.Add(await ByRowsAsync(source, destination, pair));
        var hashed = pairs.Where(pair => HashedComparison.CanCompare(source, destination, pair)).ToList();
        var byHashes = await ByHashesAsync(source, destination, hashed);
        foreach (var (pair, i) in hashed.Select((pair, i) => (pair, i)))
        {
            var rows = byRows[pairs.IndexOf(pair)];
            Assert.Equal(rows.Differences, byHashes[i].Differences);
            Assert.Equal(rows.Comparison with { PairedBy = byHashes[i].Comparison.PairedBy }, byHashes[i].Comparison);

            // The proof of a transfer rests on the sums alone.
            var ours = await HashedComparison.SumAsync((IRowHasher)source, pair.Source, null, Token);
            var theirs = await HashedComparison.SumAsync((IRowHasher)destination, pair.Destination, null, Token);
            Assert.Equal(rows.Comparison.Equal, ours == theirs);
            Assert.Equal(await source.CountAsync(pair.Source, Token), ours.Rows);
        }

        return pairs.Select((pair, i) => (pair, i)).ToDictionary(
            p => p.pair.Name.ToString(), p => new Answer(hashed.Contains(p.pair), byRows[p.i].Comparison, byRows[p.i].Differences));
    }

    /// <summary>What a comparison by hashes says of these tables.</summary>
    public static Task<(TableComparison Comparison, List<string> Differences)[]> ByHashesAsync(ISideSnapshot source, ISideSnapshot destination, IReadOnlyList<TablePair> pairs)
        => ByHashesUntilAsync(source, destination, pairs, Token);

    /// <summary>The same, until it is cancelled.</summary>
    public static async Task<(TableComparison Comparison, List<string> Differences)[]> ByHashesUntilAsync(
        ISideSnapshot source, ISideSnapshot destination, IReadOnlyList<TablePair> pairs, CancellationToken stop)
    {
        if (pairs.Count == 0)
            return [];
        var sinks = pairs.Select(_ => new ShowingSink()).ToArray();
        var results = new TableComparison[pairs.Count];
        await new HashedComparison(source, destination, onRows: null).RunAsync(
            pairs,
            i => sinks[i],
            (i, result, _) =>
            {
                results[i] = result.Comparison;
                return ValueTask.CompletedTask;
            },
            stop);
        return [.. results.Zip(sinks, (result, sink) => (result, sink.Sorted))];
    }

    public static async Task<(TableComparison Comparison, List<string> Differences)> ByRowsAsync(ISideSnapshot source, ISideSnapshot destination, TablePair pair)
    {
        var sink = new ShowingSink();
        var result = await TableComparer.CompareAsync(source, destination, pair, null, sink, sums: false, null, Token);
        return (result.Comparison, sink.Sorted);
    }

    /// <param name="Hashed">Whether both databases hash the table alike.</param>
    /// <param name="Comparison">What both comparisons say.</param>
    /// <param name="Differences">The rows that differ.</param>
    public sealed record Answer(bool Hashed, TableComparison Comparison, List<string> Differences);

    private sealed class ShowingSink : IDifferenceSink
    {
        private readonly List<string> _rows = [];

        public List<string> Sorted => [.. _rows.Order(StringComparer.Ordinal)];

        public void Add(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
            => _rows.Add($"{kind}: {Rows.Show(sourceRow)} / {Rows.Show(destinationRow)}");

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public void Reset() => _rows.Clear();
    }
}
