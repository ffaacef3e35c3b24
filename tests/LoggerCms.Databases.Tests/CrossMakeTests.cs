using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests;

/// <summary>A row that one make gives and another takes is the same row, to the byte.</summary>
public sealed class CrossMakeTests
{
    private static readonly TestMake[] Makes = [new SqliteMake(), new PostgreSqlMake(), new SqlServerMake()];

    private static readonly LogicalKind[] Kinds =
    [
        LogicalKind.Boolean, LogicalKind.Integer, LogicalKind.Double, LogicalKind.Decimal, LogicalKind.Text, LogicalKind.Binary, LogicalKind.Guid, LogicalKind.Date, LogicalKind.Time, LogicalKind.DateTime,
        LogicalKind.DateTimeOffset,
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<SideProvider, SideProvider> Pairs
    {
        get
        {
            var pairs = new TheoryData<SideProvider, SideProvider>();
            foreach (var from in Makes)
                foreach (var to in Makes.Where(m => m != from))
                    pairs.Add(from.Provider, to.Provider);
            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Rows_of_one_make_are_the_same_in_another(SideProvider source, SideProvider destination)
    {
        TestMake from = Makes.Single(m => m.Provider == source), to = Makes.Single(m => m.Provider == destination);
        foreach (var make in new[] { from, to })
            Assert.SkipWhen(make.Missing is not null, make.Missing ?? string.Empty);
        await using var fromDatabase = await from.CreateDatabaseAsync();
        await using var toDatabase = await to.CreateDatabaseAsync();
        await fromDatabase.ExecuteAsync(Ddl(from));
        await toDatabase.ExecuteAsync(Ddl(to));
        await using var fromSide = await from.Driver.OpenAsync(fromDatabase.Connection, Token);
        await using var toSide = await to.Driver.OpenAsync(toDatabase.Connection, Token);

        var fromTable = Assert.Single((await fromSide.CatalogAsync()).Tables);
        var toTable = Assert.Single((await toSide.CatalogAsync()).Tables);
        Assert.Equal(fromTable.Columns.Select(c => (c.Name, c.Type)), toTable.Columns.Select(c => (c.Name, c.Type)));
        Assert.Equal(fromTable.Key, toTable.Key);
        Assert.Equal(fromTable.Name, toTable.Name);

        var batch = new RowBatch();
        var id = 0L;
        Rows.Append(batch, fromTable, ("id", id++));
        foreach (var kind in Kinds)
        {
            IEnumerable<object?> values = kind == LogicalKind.Decimal
                ? new SqlServerMake().Decimals.Select(d => (object?)Raw.Decimal(d))
                : ValueCases.MustHold(kind);
            foreach (var value in values)
                Rows.Append(batch, fromTable, ("id", id++), ($"c {kind}", value));
        }

        var wanted = Rows.ShowSorted(Enumerable.Range(0, batch.Count).Select(i => batch[i].ToArray()));
        await using (var transaction = await fromSide.BeginAsync())
        {
            await transaction.InsertAsync(transaction.Table("item"), Rows.Stream(batch), Token);
            await transaction.CommitAsync();
        }

        await using var snapshot = await fromSide.SnapshotAsync();
        var rows = await snapshot.ReadAllAsync(snapshot.Table("item"));
        var fit = toSide.GetValueFit(fromTable, toTable);
        Assert.All(rows, r => Assert.Null(fit?.Check(r)));
        await using (var transaction = await toSide.BeginAsync())
        {
            await transaction.InsertAsync(transaction.Table("item"), snapshot.ReadAsync(new RowQuery(snapshot.Table("item")), Token), Token);
            await transaction.CommitAsync();
        }

        Assert.Equal(wanted, Rows.ShowSorted(rows));
        Assert.Equal(wanted, await toSide.ShowAllAsync("item"));
    }

    private static string Ddl(TestMake make)
        => $"CREATE TABLE item (id {make.TypeOf(LogicalKind.Integer)} NOT NULL PRIMARY KEY, {string.Join(", ", Kinds.Select(k => $"{make.Quote("c " + k)} {make.TypeOf(k)}"))})";
}
