using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class ComparisonPropertyTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public void TheMergeFindsWhatANaiveComparisonFinds()
        => Check(FakeRows.People, (source, destination) =>
        {
            var (result, found) = Compare(FakeTable.People(), source, destination);
            return result.Comparison.PairedBy == "Key" && Matches(result, found, Naive(FakeTable.People(), source, destination));
        });

    [Fact]
    public void PairingByHashFindsWhatANaiveComparisonFinds()
        => Check(FakeRows.People, (source, destination) =>
        {
            var table = FakeTable.People(order: KeyOrder.None);
            var (result, found) = Compare(table, source, destination);
            return result.Comparison.PairedBy == "KeyHash" && Matches(result, found, Naive(table, source, destination));
        });

    [Fact]
    public void StreamsInAnyOrderNeverGiveAWrongAnswer()
        => Check(FakeRows.People, (source, destination) =>
        {
            var (result, found) = Compare(FakeTable.People(), source, destination, ignoresOrder: true);
            return Matches(result, found, Naive(FakeTable.People(), source, destination));
        });

    [Fact]
    public void PairingByHashInSmallSlicesFindsTheSame()
        => Check(FakeRows.People, (source, destination) =>
        {
            var table = FakeTable.People(order: KeyOrder.None);
            var sink = new RecordingSink();
            var result = HashPairing.CompareAsync(
                new FakeSnapshot().With(table, source), new FakeSnapshot().With(table, destination), new TablePair(table, table), null, sink, true, null, Cancel,
                new HashPairingLimits(RecordsAtOnce: 1, DifferencesAtOnce: 2)).GetAwaiter().GetResult();
            return Matches(result, sink.Differences, Naive(table, source, destination));
        });

    [Fact]
    public void TablesWithoutAKeyCompareAsMultisets()
        => Check(FakeRows.Bag, (source, destination) =>
        {
            var table = FakeTable.Schema("bag", [FakeTable.Column("v", LogicalKind.Integer)]);
            var (result, found) = Compare(table, source, destination);
            return result.Comparison.PairedBy == "Multiset" && Matches(result, found, NaiveBag(source, destination));
        });

    [Fact]
    public void RangesTogetherFindWhatTheWholeTableFinds()
        => Check(FakeRows.People, (source, destination) =>
        {
            var table = FakeTable.People();
            var pair = new TablePair(table, table);
            var sink = new RecordingSink();
            KeyRange[] ranges = [new(null, 0), new(0, 25), new(25, null)];
            var parts = ranges.Select(range => TableComparer.CompareAsync(
                new FakeSnapshot().With(table, source), new FakeSnapshot().With(table, destination), pair, range, sink, true, null, Cancel)
                .GetAwaiter().GetResult()).ToList();
            return Matches(TableComparisonResult.Combine(pair, parts), sink.Differences, Naive(table, source, destination));
        });

    [Fact]
    public void SumsAreThoseOfEachSideAndEqualOnlyWhenTheRowsAre()
        => Check(FakeRows.People, (source, destination) =>
        {
            var (result, _) = Compare(FakeTable.People(), source, destination);
            return result.SourceSum == Sum(source) && result.DestinationSum == Sum(destination)
                && (result.SourceSum == result.DestinationSum) == result.Comparison.Equal;
        });

    private static (TableComparisonResult Result, List<string> Found) Compare(
        TableSchema table, byte[][] source, byte[][] destination, bool ignoresOrder = false)
    {
        var sink = new RecordingSink();
        var result = TableComparer.CompareAsync(
            new FakeSnapshot { IgnoresOrder = ignoresOrder }.With(table, source),
            new FakeSnapshot { RowsPerBatch = 4, IgnoresOrder = ignoresOrder }.With(table, destination),
            new TablePair(table, table), null, sink, sums: true, onRows: null, Cancel).GetAwaiter().GetResult();
        return (result, sink.Differences);
    }

    private static TableSum Sum(IEnumerable<byte[]> rows)
    {
        var sum = default(TableSum);
        foreach (var row in rows)
            sum.Add(row);
        return sum;
    }

    private static bool Matches(TableComparisonResult result, List<string> found, List<string> expected)
    {
        var comparison = result.Comparison;
        return found.Order().SequenceEqual(expected.Order())
            && comparison.RowsOnlyInSource == expected.Count(text => text.StartsWith("OnlyInSource", StringComparison.Ordinal))
            && comparison.RowsOnlyInDestination == expected.Count(text => text.StartsWith("OnlyInDestination", StringComparison.Ordinal))
            && comparison.RowsDifferent == expected.Count(text => text.StartsWith("Different", StringComparison.Ordinal))
            && comparison.Equal == (expected.Count == 0)
            && comparison.RowsEqual == result.SourceSum!.Value.Rows - comparison.RowsOnlyInSource - comparison.RowsDifferent;
    }

    private static List<string> Naive(TableSchema table, byte[][] source, byte[][] destination)
    {
        var differences = new List<string>();
        var theirs = destination.ToDictionary(row => Convert.ToHexString(FakeSnapshot.Key(table, row)));
        foreach (var row in source)
        {
            if (!theirs.Remove(Convert.ToHexString(FakeSnapshot.Key(table, row)), out var other))
                differences.Add(RecordingSink.Text(RowDifferenceKind.OnlyInSource, row, default));
            else if (!row.AsSpan().SequenceEqual(other))
                differences.Add(RecordingSink.Text(RowDifferenceKind.Different, row, other));
        }

        differences.AddRange(theirs.Values.Select(row => RecordingSink.Text(RowDifferenceKind.OnlyInDestination, default, row)));
        return differences;
    }

    private static List<string> NaiveBag(byte[][] source, byte[][] destination)
    {
        var theirs = destination.Select(Convert.ToHexString).ToList();
        var differences = source.Where(row => !theirs.Remove(Convert.ToHexString(row)))
            .Select(row => RecordingSink.Text(RowDifferenceKind.OnlyInSource, row, default)).ToList();
        differences.AddRange(theirs.Select(row => $"{RowDifferenceKind.OnlyInDestination}  {row}"));
        return differences;
    }

    private static void Check(Gen<(byte[][] Source, byte[][] Destination)> tables, Func<byte[][], byte[][], bool> holds)
        => FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(tables.ToArbitrary(), pair => holds(pair.Source, pair.Destination)));
}
