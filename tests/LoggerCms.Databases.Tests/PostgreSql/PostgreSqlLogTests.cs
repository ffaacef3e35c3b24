using System.Data.Common;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.PostgreSql;

public sealed class PostgreSqlLogTests : PostgreSqlTest
{
    private const string Item = "CREATE TABLE item (id bigint PRIMARY KEY, v text)";

    [Fact]
    public async Task A_reader_between_overlapping_writers_never_claims_a_key_that_is_still_to_come()
    {
        var (database, side) = await LoggedAsync(Item);
        await using var early = await BeginAsync(database, "INSERT INTO item VALUES (1, 'first key')");
        await database.ExecuteAsync("INSERT INTO item VALUES (2, 'second key, committed first')");
        Assert.Equal(0, await LastAsync(side));
        await using (var snapshot = await side.SnapshotAsync())
            Assert.True(await snapshot.GetPositionAsync(Token) is { OwnKey: 0, Awaited: 2 });
        await TestDatabase.ExecuteAsync(early, "COMMIT");
        Assert.Equal(2, await LastAsync(side));
        await using (var snapshot = await side.SnapshotAsync())
            Assert.Null((await snapshot.GetPositionAsync(Token)).Awaited);
        Assert.Equal(["i1", "i2"], (await EntriesAsync(side, 0, 2)).Select(e => e.Key));
    }

    [Fact]
    public async Task A_savepoint_that_is_rolled_back_gives_up_its_hold_and_the_next_row_takes_another()
    {
        var (database, side) = await LoggedAsync(Item);
        await using var writer = await BeginAsync(database, "SAVEPOINT s", "INSERT INTO item VALUES (1, 'gone')", "ROLLBACK TO s");
        await database.ExecuteAsync("INSERT INTO item VALUES (2, 'two')");
        Assert.Equal(2, await LastAsync(side));
        await TestDatabase.ExecuteAsync(writer, "INSERT INTO item VALUES (3, 'three')");
        await database.ExecuteAsync("INSERT INTO item VALUES (4, 'four')");
        Assert.Equal(2, await LastAsync(side));
        await TestDatabase.ExecuteAsync(writer, "COMMIT");
        Assert.Equal(4, await LastAsync(side));
        Assert.Equal(["i2", "i3", "i4"], (await EntriesAsync(side, 0, 4)).Select(e => e.Key));
    }

    [Fact]
    public async Task A_prepared_transaction_holds_the_position_back_until_it_is_decided()
    {
        var (database, side) = await LoggedAsync(Item);
        Assert.SkipWhen(await database.ScalarAsync("SHOW max_prepared_transactions") == "0", "The server has max_prepared_transactions = 0.");
        var id = Guid.NewGuid().ToString("n");
        await using (var writer = await BeginAsync(database, "INSERT INTO item VALUES (1, 'prepared')"))
            await TestDatabase.ExecuteAsync(writer, $"PREPARE TRANSACTION '{id}'");
        await database.ExecuteAsync("INSERT INTO item VALUES (2, 'two')");
        Assert.Equal(0, await LastAsync(side));
        await database.ExecuteAsync($"COMMIT PREPARED '{id}'");
        Assert.Equal(2, await LastAsync(side));
    }

    [Fact]
    public async Task A_copy_numbers_its_own_changes_under_the_origin_that_its_readers_already_name()
    {
        var (database, side) = await LoggedAsync(Item);
        await database.ExecuteAsync("INSERT INTO item VALUES (1, 'one')");
        var original = (await side.Log.GetStateAsync(Token)).Origin!;
        await side.DisposeAsync();
        var copy = Own(await database.CloneAsync());
        var restored = await OpenAsync(copy);
        var named = await restored.Log.GetStateAsync(Token);
        Assert.Equal(0, named.LastUpdateKey);
        await copy.ExecuteAsync("INSERT INTO item VALUES (2, 'in the copy')");
        var state = await restored.Log.GetStateAsync(Token);
        Assert.NotEqual(original, state.Origin);
        Assert.Equal(named.Origin, state.Origin);
        Assert.Equal(1, state.LastUpdateKey);
        Assert.Equal(1, state.Position[original]);
        var entry = Assert.Single(await EntriesAsync(restored, 0, 1), e => e.Key == "i2");
        Assert.Equal((state.Origin, 1L), (entry.Origin, entry.UpdateKey));
    }

    [Fact]
    public async Task Truncate_of_a_table_or_one_partition_is_logged_row_by_row()
    {
        var (database, side) = await LoggedAsync(
            "CREATE TABLE parted (id bigint PRIMARY KEY) PARTITION BY RANGE (id)",
            "CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10)", "CREATE TABLE high PARTITION OF parted DEFAULT",
            "INSERT INTO parted SELECT generate_series(8, 12)");
        await database.ExecuteAsync("TRUNCATE low");
        Assert.Equal(["Delete parted i8", "Delete parted i9"], (await EntriesAsync(side, 0, long.MaxValue)).Select(e => $"{e.Operation} {e.Table} {e.Key}").Order());
        await database.ExecuteAsync("TRUNCATE parted");
        Assert.Equal(["i10", "i11", "i12", "i8", "i9"], (await EntriesAsync(side, 0, long.MaxValue)).Select(e => e.Key).Distinct().Order());
    }

    [Theory]
    [InlineData("ALTER TABLE item DISABLE TRIGGER ALL")]
    [InlineData("ALTER TABLE item DISABLE TRIGGER loggercms_truncate")]
    [InlineData("ALTER TABLE item ENABLE REPLICA TRIGGER loggercms_log")]
    [InlineData("ALTER TABLE low DISABLE TRIGGER loggercms_log")]
    public async Task A_table_whose_triggers_do_not_fire_is_not_under_the_log_until_it_comes_under_it_anew(string disable)
    {
        var (database, side) = await LoggedAsync(
            Item, "CREATE TABLE parted (id bigint PRIMARY KEY) PARTITION BY RANGE (id)", "CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (10)");
        var before = await side.Log.GetStateAsync(Token);
        Assert.Equal(["item", "parted"], before.Tables);
        await database.ExecuteAsync(disable);
        Assert.Single((await side.Log.GetStateAsync(Token)).Tables);
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, Week, Token);
        var after = await side.Log.GetStateAsync(Token);
        Assert.Equal(["item", "parted"], after.Tables);
        Assert.NotEqual(before.Origin, after.Origin);
        await database.ExecuteAsync("INSERT INTO item VALUES (1)", "INSERT INTO parted VALUES (1)", "TRUNCATE item, parted");
        Assert.Equal(4, (await EntriesAsync(side, 0, long.MaxValue)).Select(e => (e.Operation, e.Table, e.Key)).Distinct().Count());
    }

    [Fact]
    public async Task Blank_padded_and_caseless_keys_are_logged_as_they_are_stored()
    {
        var (database, side) = await LoggedAsync("CREATE TABLE item (k char(4) PRIMARY KEY, n bytea)");
        await database.ExecuteAsync("INSERT INTO item VALUES ('a')");
        var entry = Assert.Single(await EntriesAsync(side, 0, 1));
        using var keys = new RowBatch();
        LogKey.Parse(entry.Key, keys);
        await using var snapshot = await side.SnapshotAsync();
        Assert.Single(await snapshot.ReadByKeyAsync(snapshot.Table("item"), keys, Token).ToListAsync());
    }

    private static async Task<DbConnection> BeginAsync(TestDatabase database, params string[] statements)
    {
        var connection = await database.ConnectAsync();
        foreach (var statement in statements.Prepend("BEGIN"))
            await TestDatabase.ExecuteAsync(connection, statement);
        return connection;
    }

    private static async Task<long> LastAsync(ISide side) => (await side.Log.GetStateAsync(Token)).LastUpdateKey!.Value;

    private static async Task<List<LogEntry>> EntriesAsync(ISide side, long after, long upTo)
        => await side.Log.ReadAsync(null, after, upTo, Token).ToListAsync(Token);

    private async Task<(TestDatabase Database, ISide Side)> LoggedAsync(params string[] statements)
    {
        var database = await NewAsync(statements);
        var side = await OpenAsync(database);
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, Week, Token);
        return (database, side);
    }
}
