using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests.Comparison;

public sealed class SideComparerTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private static readonly TableSchema People = FakeTable.People();
    private static readonly TableSchema Bag = FakeTable.Schema("bag", [FakeTable.Column("v", LogicalKind.Text)]);

    [Fact]
    public async Task EqualSidesAreEqual()
    {
        var (comparison, differences) = await CompareAsync(Side("A"), Side("B"));
        Assert.True(comparison.Equal);
        Assert.Equal(("A", "B", "Rows", 2, 103L), (comparison.Source, comparison.Destination, comparison.ComparedBy, comparison.Tables, comparison.RowsEqual));
        Assert.Equal("all 2 tables", comparison.Scope);
        Assert.Equal(["bag", "people"], comparison.TableComparisons.Select(table => table.Table));
        Assert.Empty(differences);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task EachDifferingRowIsToldWithKeyKindAndColumns(int readers)
    {
        var (comparison, differences) = await CompareAsync(Snapshot(readers), Stale(readers));
        Assert.False(comparison.Equal);
        Assert.Equal((2L, 2L, 1L), (comparison.RowsOnlyInSource, comparison.RowsOnlyInDestination, comparison.RowsDifferent));
        var hash = KeyText.OfRow(Bag, FakeTable.Row("x"));
        Assert.Equal(
            [
                $"bag OnlyInDestination {KeyText.OfRow(Bag, FakeTable.Row("z"))} ", $"bag OnlyInSource {hash} ",
                "people Different id=5 name", "people OnlyInDestination id=200 ", "people OnlyInSource id=7 ",
            ],
            Texts(differences));
    }

    [Fact]
    public async Task TheDatabaseComparesWhereItCanAndColumnsAreStillNamed()
    {
        FakeSnapshot source = Snapshot(1), destination = Stale(1);
        var (rows, expected) = await CompareAsync(source, destination);
        var told = new List<RowDifference>();
        var comparison = await new SideComparer(TimeProvider.System).CompareAsync(
            new FakeSide("A", source), new FakePairableSide("B", source, destination), new ScopeOptions(), Collect(told), null, Cancel);
        Assert.Equal("Database", comparison.ComparedBy);
        Assert.Equal(Texts(expected), Texts(told));
        Assert.Equal(rows.RowsEqual, comparison.RowsEqual);
        Assert.False(comparison.Equal);
    }

    [Fact]
    public async Task WithoutASnapshotARowThatIsEqualOnASecondLookIsSettledAndEqualityIsNotClaimed()
    {
        var source = new FakeSnapshot { IsConsistent = false }.With(People, Rows(1, 10));
        var destination = new FakeSnapshot().With(People, Rows(1, 10).Select((row, i) => i == 4 ? FakeTable.Row(5, "newer") : row));
        source.BeforeReadByKey = snapshot => snapshot.With(People, Rows(1, 10).Select((row, i) => i == 4 ? FakeTable.Row(5, "newer") : row));
        var (comparison, differences) = await CompareAsync(source, destination);
        Assert.Null(comparison.Equal);
        Assert.Equal((1L, 0L, 9L), (comparison.RowsSettled, comparison.RowsDifferent, comparison.RowsEqual));
        Assert.Empty(differences);
        Assert.NotEmpty(comparison.Notes);
    }

    [Fact]
    public async Task WithoutASnapshotARowThatDiffersTwiceIsDifferent()
    {
        var (comparison, differences) = await CompareAsync(
            new FakeSnapshot { IsConsistent = false }.With(People, Rows(1, 10)), new FakeSnapshot().With(People, Rows(1, 9)));
        Assert.False(comparison.Equal);
        Assert.Equal(["people OnlyInSource id=10 "], Texts(differences));
    }

    [Fact]
    public async Task WithoutASnapshotEqualRowsAreNotCalledEqualSides()
    {
        var (comparison, _) = await CompareAsync(
            new FakeSnapshot().With(People, Rows(1, 10)), new FakeSnapshot { IsConsistent = false }.With(People, Rows(1, 10)));
        Assert.Null(comparison.Equal);
        Assert.Equal(10, comparison.RowsEqual);
    }

    [Fact]
    public async Task LargeTablesAreReadInRangesByAsManyReadersAsThereAre()
    {
        FakeSnapshot source = Snapshot(3, meeting: 2), destination = Snapshot(2);
        await CompareAsync(source, destination);
        Assert.Equal(2, source.MostReaders);
        Assert.True(source.Reads > 4, $"{source.Reads} reads");
    }

    [Fact]
    public async Task OneDatabaseIsNotComparedWithItself()
        => Assert.Equal(ErrorCodes.SameSide, (await Assert.ThrowsAsync<LoggerCmsException>(
            () => CompareAsync(Side("A"), Side("A")))).Code);

    [Fact]
    public async Task TablesOfOneSideOnlyAndSchemasThatDifferAreRefused()
    {
        var missing = await Assert.ThrowsAsync<LoggerCmsException>(
            () => CompareAsync(Snapshot(1), new FakeSnapshot().With(People)));
        Assert.Equal(ErrorCodes.MissingTable, missing.Code);
        var mismatch = await Assert.ThrowsAsync<LoggerCmsException>(
            () => CompareAsync(new FakeSnapshot().With(People), new FakeSnapshot().With(FakeTable.Schema("people", [.. People.Columns], "name"))));
        Assert.Equal(ErrorCodes.SchemaMismatch, mismatch.Code);
    }

    [Fact]
    public async Task ACallersFailureEndsTheComparison()
        => await Assert.ThrowsAsync<InvalidTimeZoneException>(() => new SideComparer(TimeProvider.System).CompareAsync(
            new FakeSide("A", Snapshot(2)), new FakeSide("B", Stale(2)), new ScopeOptions(), _ => throw new InvalidTimeZoneException(), null, Cancel));

    [Fact]
    public async Task CancellingEndsTheComparison()
    {
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new SideComparer(TimeProvider.System).CompareAsync(
            new FakeSide("A", Snapshot(2)),
            new FakeSide("B", Stale(2)),
            new ScopeOptions(),
            _ =>
            {
                cancel.Cancel();
                return ValueTask.CompletedTask;
            },
            null,
            cancel.Token));
    }

    [Fact]
    public async Task AStateHasTheSameChecksumWhateverReadsIt()
    {
        var one = await new SideStateReader(TimeProvider.System).ReadAsync(Side("A"), new ScopeOptions(), null, Cancel);
        var other = await new SideStateReader(TimeProvider.System).ReadAsync(new FakeSide("B", Snapshot(4)), new ScopeOptions(), null, Cancel);
        Assert.Equal(one.Checksum, other.Checksum);
        Assert.Equal(one.SchemaVersion, other.SchemaVersion);
        Assert.Equal((2, 103L), (one.Tables, one.Rows));
        Assert.Equal(one.TableStates, other.TableStates);
        var stale = await new SideStateReader(TimeProvider.System).ReadAsync(new FakeSide("C", Stale(1)), new ScopeOptions(), null, Cancel);
        Assert.NotEqual(one.Checksum, stale.Checksum);
    }

    private static FakeSide Side(string name) => new(name, Snapshot(1));

    private static FakeSnapshot Snapshot(int readers, int meeting = 1)
        => new FakeSnapshot { Readers = readers, MeetingReaders = meeting }.With(People, Rows(1, 100)).With(Bag, [FakeTable.Row("x"), FakeTable.Row("x"), FakeTable.Row("y")]);

    private static FakeSnapshot Stale(int readers)
        => new FakeSnapshot { Readers = readers }
            .With(People, Rows(1, 100).Where((_, i) => i != 6).Select((row, i) => i == 4 ? FakeTable.Row(5, null) : row).Append(FakeTable.Row(200, "extra")))
            .With(Bag, [FakeTable.Row("y"), FakeTable.Row("z"), FakeTable.Row("x")]);

    private static IEnumerable<byte[]> Rows(int from, int count) => Enumerable.Range(from, count).Select(i => FakeTable.Row(i, $"name {i}"));

    private static Task<(SideComparison Comparison, List<RowDifference> Differences)> CompareAsync(FakeSnapshot source, FakeSnapshot destination)
        => CompareAsync(new FakeSide("A", source), new FakeSide("B", destination));

    private static async Task<(SideComparison Comparison, List<RowDifference> Differences)> CompareAsync(FakeSide source, FakeSide destination)
    {
        var differences = new List<RowDifference>();
        var comparison = await new SideComparer(TimeProvider.System).CompareAsync(
            source, destination, new ScopeOptions { Parallelism = 4 }, Collect(differences), null, Cancel);
        return (comparison, differences);
    }

    private static Func<RowDifference, ValueTask> Collect(List<RowDifference> into) => difference =>
    {
        into.Add(difference);
        return ValueTask.CompletedTask;
    };

    private static IEnumerable<string> Texts(IEnumerable<RowDifference> differences)
        => differences.Select(d => $"{d.Table} {d.Kind} {d.Key} {string.Join(',', d.Columns)}").Order(StringComparer.Ordinal);
}
