using LoggerCms.Databases.Tests.Contract;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;
using Npgsql;

namespace LoggerCms.Databases.Tests;

public sealed class PostgreSqlContractTests() : SideDriverContract(new PostgreSqlMake())
{
    public override TheoryData<string, object, object> Limits => new()
    {
        { "smallint", 32767L, 32768L },
        { "integer", -2147483648L, 2147483648L },
        { "varchar(3)", "ab😀", "abcd" },
        { "varchar(3)", "abc", "abc " },
        { "char(3)", "abc", "abcd" },
        { "text", "x", "a\0b" },
        { "text", "x", new Raw(FieldTag.Text, [0xED, 0xA0, 0xBD]) },
        { "text", "x", new Raw(FieldTag.Text, [0xFF]) },
        { "numeric(4, 2)", Raw.Decimal("12.34"), Raw.Decimal("12.345") },
        { "numeric(4, 2)", Raw.Decimal("-99.99"), Raw.Decimal("100.00") },
        { "numeric(4, 2)", Raw.Decimal("1.50"), Raw.Decimal("1.5") },
        { "time", new TimeOnly(1, 2, 3), new TimeOnly(1L) },
        { "timestamp(0)", new DateTime(2026, 11, 22), new DateTime(2026, 11, 22).AddMilliseconds(5) },
        { "timestamp", new DateTime(2026, 11, 22), new DateTime(2026, 11, 22).AddTicks(1) },
        { "timestamptz", new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.FromHours(2)) },
        { "date", new DateOnly(2026, 11, 22), new Raw(FieldTag.Date, BitConverter.GetBytes(int.MaxValue - 1)) },
    };

    [Fact]
    public async Task A_table_that_may_not_be_read_is_AccessDenied()
    {
        var database = await NewAsync(ItemTable());
        var role = "loggercms_" + Guid.NewGuid().ToString("n");
        await database.ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'p'");
        try
        {
            var connection = new SideConnection(SideProvider.PostgreSql, WithLogin(((NpgsqlConnection)await database.ConnectAsync()).Database, role, "p"));
            await Sides.FailsAsync(ErrorCodes.AccessDenied, async () =>
            {
                await using var side = await Make.Driver.OpenAsync(connection, Token);
                await side.ShowAllAsync("item");
            });
        }
        finally
        {
            await database.ExecuteAsync($"DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task A_connection_that_the_server_ends_is_ConnectionLost()
    {
        var database = (PostgreSqlTestDatabase)await NewAsync(ItemTable(), Make.FillIdAndText("item", 200_000));
        var side = await OpenAsync(database);
        await Sides.FailsAsync(ErrorCodes.ConnectionLost, async () =>
        {
            await using var snapshot = await side.SnapshotAsync();
            await foreach (var batch in snapshot.ReadAsync(new RowQuery(snapshot.Table("item")), Token))
            {
                batch.Dispose();
                await database.DisconnectAsync();
            }
        });
        var again = await OpenAsync(database);
        await using (var transaction = await again.BeginAsync())
        {
            await transaction.InsertAsync("item", ("id", 500_000), ("v", "x"));
            await database.DisconnectAsync();
            await Sides.FailsAsync([ErrorCodes.ConnectionLost, ErrorCodes.OutcomeUnknown], transaction.CommitAsync);
        }

        Assert.Null(await database.ScalarAsync("SELECT v FROM item WHERE id = 500000"));
    }

    [Fact]
    public async Task Truncate_of_a_logged_table_is_logged_or_refused()
    {
        var (database, side) = await LoggedAsync(ItemTable(), Make.FillIdAndText("item", 3));
        try
        {
            await database.ExecuteAsync("TRUNCATE item");
        }
        catch (PostgresException)
        {
            Assert.Equal("3", await database.ScalarAsync("SELECT count(*) FROM item"));
            return;
        }

        var deleted = (await LogAsync(side)).Where(e => e.Operation == LogOperation.Delete).Select(e => e.Key);
        var starts = await side.Log.GetStartsAsync(Token);
        var state = await side.Log.GetStateAsync(Token);
        Assert.True(
            deleted.Order(StringComparer.Ordinal).SequenceEqual(["i1", "i2", "i3"]) || starts[state.Origin!] > state.LastUpdateKey,
            "A truncate was neither logged, nor refused, nor did the log cease to serve.");
    }

    [Fact]
    public async Task A_writer_with_few_rights_is_logged_all_the_same()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        var role = "loggercms_" + Guid.NewGuid().ToString("n");
        await database.ExecuteAsync($"CREATE ROLE {role}", $"GRANT INSERT, SELECT ON item TO {role}");
        try
        {
            await using (var writer = await database.ConnectAsync())
            {
                await TestDatabase.ExecuteAsync(writer, $"SET ROLE {role}");
                await TestDatabase.ExecuteAsync(writer, Item(1, "one"));
            }

            Assert.Equal(["i1"], (await LogAsync(side)).Select(e => e.Key));
        }
        finally
        {
            await database.ExecuteAsync($"DROP OWNED BY {role}", $"DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task Tables_in_other_schemas_partitioned_and_inherited_ones_are_read_once()
    {
        var database = await NewAsync(
            "CREATE SCHEMA more", ItemTable("more.item"), Item(1, "in more", "more.item"), ItemTable(), Item(1, "in public"),
            "CREATE TABLE parted (id bigint NOT NULL PRIMARY KEY, v text) PARTITION BY RANGE (id)", "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE parted_2 PARTITION OF parted DEFAULT", Item(1, "first", "parted"), Item(100, "second", "parted"));
        var side = await OpenAsync(database);
        await using var snapshot = await side.SnapshotAsync();
        Assert.Equal(["Integer 1 | Text 'in more'"], await snapshot.ShowAllAsync("more.item"));
        Assert.Equal(["Integer 1 | Text 'in public'"], await snapshot.ShowAllAsync("item"));
        var parted = snapshot.Catalog.Tables.Where(t => t.Name.Name.StartsWith("parted", StringComparison.Ordinal)).ToList();
        var rows = new List<byte[]>();
        foreach (var table in parted)
            rows.AddRange(await snapshot.ReadAllAsync(table));
        Assert.Equal(["Integer 1 | Text 'first'", "Integer 100 | Text 'second'"], Rows.ShowSorted(rows));
    }

    protected override SideConnection MissingDatabase() => new(SideProvider.PostgreSql, PostgreSqlTestDatabase.ConnectionString("loggercms_never_made"));

    protected override SideConnection? WrongPassword() => new(SideProvider.PostgreSql, WithLogin("postgres", null, "s3cr3t-wr0ng"));

    protected override SideConnection? Unreachable()
        => new(SideProvider.PostgreSql, new NpgsqlConnectionStringBuilder(WithLogin("postgres", null, "s3cr3t")) { Host = "127.0.0.1", Port = 1 }.ConnectionString);

    private static string WithLogin(string database, string? user, string password)
    {
        var builder = new NpgsqlConnectionStringBuilder(PostgreSqlTestDatabase.ConnectionString(database)) { Password = password };
        if (user is not null)
            builder.Username = user;
        return builder.ConnectionString;
    }
}
