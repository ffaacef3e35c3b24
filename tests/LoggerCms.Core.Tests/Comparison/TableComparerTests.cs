using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class TableComparerTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task EqualTablesAreEqualAndGiveNoDifference()
    {
        byte[][] rows = [.. Enumerable.Range(1, 20).Select(i => FakeTable.Row(i, $"name {i}"))];
        var (result, sink) = await CompareAsync(FakeTable.People(), rows, rows);
        Assert.True(result.Comparison.Equal);
        Assert.Equal(20, result.Comparison.RowsEqual);
        Assert.Equal("Key", result.Comparison.PairedBy);
        Assert.Empty(sink.Differences);
    }

    [Fact]
    public async Task EachKindOfDifferenceIsCountedAndReported()
    {
        var (result, sink) = await CompareAsync(
            FakeTable.People(),
            [FakeTable.Row(1, "a"), FakeTable.Row(2, "b"), FakeTable.Row(4, "d"), FakeTable.Row(6, "f")],
            [FakeTable.Row(1, "a"), FakeTable.Row(2, "B"), FakeTable.Row(3, "c"), FakeTable.Row(6, "f")]);
        Assert.False(result.Comparison.Equal);
        Assert.Equal((1, 1, 1, 2), (
            result.Comparison.RowsOnlyInSource, result.Comparison.RowsOnlyInDestination, result.Comparison.RowsDifferent, result.Comparison.RowsEqual));
        Assert.Equal(
            [
                RecordingSink.Text(RowDifferenceKind.Different, FakeTable.Row(2, "b"), FakeTable.Row(2, "B")),
                RecordingSink.Text(RowDifferenceKind.OnlyInDestination, default, FakeTable.Row(3, "c")),
                RecordingSink.Text(RowDifferenceKind.OnlyInSource, FakeTable.Row(4, "d"), default),
            ],
            sink.Differences);
    }

    [Fact]
    public async Task NullAndEmptyTextDiffer()
    {
        var (result, _) = await CompareAsync(FakeTable.People(), [FakeTable.Row(1, null)], [FakeTable.Row(1, "")]);
        Assert.Equal(1, result.Comparison.RowsDifferent);
    }

    [Fact]
    public async Task AStreamOutOfOrderIsPairedByHashAndWhatWasReportedIsTakenBack()
    {
        byte[][] rows = [.. Enumerable.Range(1, 20).Select(i => FakeTable.Row(i, $"name {i}"))];
        byte[][] shuffled = [.. rows.Reverse()];
        var table = FakeTable.People();
        var sink = new RecordingSink();
        var result = await TableComparer.CompareAsync(
            new FakeSnapshot().With(table, rows), new FakeSnapshot { IgnoresOrder = true }.With(table, shuffled), new TablePair(table, table),
            null, sink, sums: true, onRows: null, Cancel);
        Assert.True(result.Comparison.Equal);
        Assert.Equal("KeyHash", result.Comparison.PairedBy);
        Assert.Equal(1, sink.Resets);
        Assert.Empty(sink.Differences);
        Assert.Equal(result.SourceSum, result.DestinationSum);
    }

    [Theory]
    [InlineData(KeyOrder.Integer)]
    [InlineData(KeyOrder.None)]
    public async Task AKeyThatOccursTwiceIsRefused(KeyOrder order)
    {
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => CompareAsync(
            FakeTable.People(order: order),
            [FakeTable.Row(1, "a"), FakeTable.Row(2, "b"), FakeTable.Row(2, "c")],
            [FakeTable.Row(1, "x"), FakeTable.Row(2, "b")]));
        Assert.Equal(ErrorCodes.KeyNotUnique, failure.Code);
        Assert.Contains("people", failure.Message);
    }

    [Fact]
    public async Task KeysThatAreEqualByValueButNotByBytesAreDifferentKeys()
    {
        var table = FakeTable.Schema("t", [FakeTable.Column("amount", LogicalKind.Decimal, KeyOrder.Decimal)], "amount");
        var (result, _) = await CompareAsync(table, [FakeTable.Row(1.0m)], [FakeTable.Row(1.00m)]);
        Assert.Equal((1, 1, 0), (result.Comparison.RowsOnlyInSource, result.Comparison.RowsOnlyInDestination, result.Comparison.RowsDifferent));
    }

    [Fact]
    public async Task ATableWithoutAKeyIsComparedAsAMultiset()
    {
        var table = FakeTable.Schema("t", [FakeTable.Column("v", LogicalKind.Text)]);
        var (result, sink) = await CompareAsync(
            table,
            [FakeTable.Row("a"), FakeTable.Row("b"), FakeTable.Row("a"), FakeTable.Row("a")],
            [FakeTable.Row("b"), FakeTable.Row("c"), FakeTable.Row("a")]);
        Assert.Equal("Multiset", result.Comparison.PairedBy);
        Assert.Equal((2, 1, 2), (result.Comparison.RowsOnlyInSource, result.Comparison.RowsOnlyInDestination, result.Comparison.RowsEqual));
        Assert.Equal(
            [
                RecordingSink.Text(RowDifferenceKind.OnlyInDestination, default, FakeTable.Row("c")),
                RecordingSink.Text(RowDifferenceKind.OnlyInSource, FakeTable.Row("a"), default),
                RecordingSink.Text(RowDifferenceKind.OnlyInSource, FakeTable.Row("a"), default),
            ],
            sink.Differences.Order());
    }

    [Fact]
    public async Task MisfittingKeysOfAnyStorageClassDoNotStopTheComparison()
    {
        byte[][] rows = [FakeTable.Row(5, "a"), FakeTable.Row("text", "b"), FakeTable.Row(new byte[] { 1 }, "c"), FakeTable.Row(1.5, "d"), FakeTable.Row(7, "e")];
        var table = FakeTable.People();
        var other = new FakeSnapshot { IgnoresOrder = true }.With(table, rows.Reverse());
        var result = await TableComparer.CompareAsync(
            new FakeSnapshot { IgnoresOrder = true }.With(table, rows), other, new TablePair(table, table), null, null, sums: true, null, Cancel);
        Assert.True(result.Comparison.Equal);
        Assert.Equal(3, result.SourceSum!.Value.Misfits);
    }

    [Fact]
    public async Task ProgressCountsTheRowsOfBothSides()
    {
        byte[][] rows = [.. Enumerable.Range(1, 10).Select(i => FakeTable.Row(i, "x"))];
        foreach (var order in new[] { KeyOrder.Integer, KeyOrder.None })
        {
            long counted = 0, bytes = 0;
            var table = FakeTable.People(order: order);
            await TableComparer.CompareAsync(
                new FakeSnapshot().With(table, rows), new FakeSnapshot { RowsPerBatch = 4 }.With(table, rows.Take(7)), new TablePair(table, table), null, null, false,
                (r, b) =>
                {
                    Interlocked.Add(ref counted, r);
                    Interlocked.Add(ref bytes, b);
                },
                Cancel);
            Assert.Equal(17, counted);
            Assert.Equal(17 * rows[0].Length, bytes);
        }
    }

    private static async Task<(TableComparisonResult Result, RecordingSink Sink)> CompareAsync(TableSchema table, byte[][] source, byte[][] destination)
    {
        var sink = new RecordingSink();
        var result = await TableComparer.CompareAsync(
            new FakeSnapshot().With(table, source), new FakeSnapshot { RowsPerBatch = 2 }.With(table, destination), new TablePair(table, table),
            null, sink, sums: false, onRows: null, Cancel);
        return (result, sink);
    }
}
