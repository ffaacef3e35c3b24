using LoggerCms.Core.Comparison;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.PostgreSql;

public sealed class PostgreSqlWritingTests : PostgreSqlTest
{
    [Fact]
    public async Task Types_of_PostgreSQL_alone_are_inserted_updated_found_and_deleted_by_their_text()
    {
        var database = await NewAsync(
            "CREATE TABLE item (k inet PRIMARY KEY, span interval, list integer[], flags bit(3), doc jsonb)",
            "INSERT INTO item VALUES ('10.0.0.1', '1 mon -2 days', '{1,NULL}', B'101', '{\"a\": 1}')");
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("k", Raw.Native("10.0.0.2")), ("span", Raw.Native("00:00:00.5")), ("flags", Raw.Native("110")), ("doc", Raw.Native("[]")));
            Assert.Equal(1, await transaction.UpdateAsync(
                "item", ("k", Raw.Native("10.0.0.1")), ("span", null), ("list", Raw.Native("[0:1]={7,8}")), ("flags", Raw.Native("000")), ("doc", Raw.Native("null"))));
            using var key = Rows.Keys(Raw.Native("10.0.0.2"));
            Assert.Single(await transaction.ReadByKeyAsync(transaction.Table("item"), key, Token).ToListAsync());
            await transaction.CommitAsync();
        }

        Assert.Equal(["(10.0.0.1,,\"[0:1]={7,8}\",000,null)", "(10.0.0.2,00:00:00.5,,110,[])"], await database.ListAsync("SELECT item::text FROM item"));
        await using var second = await side.BeginAsync();
        Assert.Equal(1, await second.DeleteAsync("item", Raw.Native("10.0.0.2")));
    }

    [Fact]
    public async Task A_regclass_is_written_as_it_reads_also_where_it_is_no_relation()
    {
        var database = await NewAsync("CREATE TABLE item (k regclass PRIMARY KEY, c regclass)", "INSERT INTO item VALUES ('item', 0::oid::regclass)");
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("k", Raw.Native("-")), ("c", Raw.Native("4294967295")));
            Assert.Equal(1, await transaction.UpdateAsync("item", ("k", Raw.Native("public.item")), ("c", Raw.Native("-"))));
            using var key = Rows.Keys(Raw.Native("-"));
            Assert.Single(await transaction.ReadByKeyAsync(transaction.Table("item"), key, Token).ToListAsync());
            await transaction.CommitAsync();
        }

        Assert.Equal(["(-,4294967295)", "(item,-)"], (await database.ListAsync("SELECT item::text FROM item")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_left_out_is_said_where_it_may_hold_something()
    {
        var database = await NewAsync(
            "CREATE TABLE item (k bigint PRIMARY KEY)", "CREATE VIEW seen AS SELECT * FROM item", "CREATE SCHEMA s", "CREATE MATERIALIZED VIEW s.made AS SELECT * FROM item");
        var side = await OpenAsync(database);
        var catalog = await side.CatalogAsync();
        Assert.Equal(["The materialized view s.made is left out."], catalog.Notes);
        Assert.Equal(["s.made", "seen"], catalog.Others.Order(StringComparer.Ordinal));
        await database.ExecuteAsync("SELECT lo_create(0)");
        Assert.Contains((await side.CatalogAsync()).Notes, n => n.Contains("Large objects", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rows_without_a_key_go_only_where_every_byte_is_the_same()
    {
        var database = await NewAsync(
            "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "CREATE TABLE item (d float8, n numeric, t text COLLATE loose, c char(3), j json)",
            "INSERT INTO item VALUES (0, 1.0, 'a', 'x', '{}'), ('-0', 1.0, 'a', 'x', '{}'), (0, 1.00, 'a', 'x', '{}'), (0, 1.0, 'A', 'x', '{}'), (0, 1.0, 'a', 'x', '{ }'), (0, 1.0, 'a', 'x', '{}')");
        var side = await OpenAsync(database);
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("item");
        using var row = Rows.Of(table, ("d", 0.0), ("n", Raw.Decimal("1.0")), ("t", "a"), ("c", "x  "), ("j", Raw.Native("{}")));
        Assert.Equal(1, await transaction.DeleteRowsAsync(table, row, Token));
        Assert.Equal(5, await transaction.CountAsync(table, Token));
        Assert.Equal(1, await transaction.DeleteRowsAsync(table, row, Token));
        Assert.Equal(0, await transaction.DeleteRowsAsync(table, row, Token));
    }

    [Fact]
    public async Task Sequences_that_a_default_names_move_past_what_a_transfer_brought()
    {
        var database = await NewAsync(
            "CREATE SEQUENCE shared", "CREATE TABLE item (id bigint PRIMARY KEY DEFAULT nextval('shared'), n serial)", "CREATE SEQUENCE down INCREMENT -1",
            "CREATE TABLE below (id bigint PRIMARY KEY DEFAULT nextval('down'))");
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("id", 500), ("n", 70));
            await transaction.InsertAsync("below", ("id", -9));
            await transaction.CommitAsync();
        }

        Assert.Equal("501", await database.ScalarAsync("SELECT nextval('shared')"));
        Assert.Equal("71", await database.ScalarAsync("SELECT nextval('item_n_seq')"));
        Assert.Equal("-10", await database.ScalarAsync("SELECT nextval('down')"));
    }

    [Fact]
    public async Task An_identity_that_is_always_generated_is_kept_by_an_update_too()
    {
        var database = await NewAsync("CREATE TABLE item (k text PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY)", "INSERT INTO item VALUES ('a'), ('b')");
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            Assert.Equal(1, await transaction.UpdateAsync("item", ("k", "b"), ("n", 40)));
            Assert.Equal(0, await transaction.UpdateAsync("item", ("k", "missing"), ("n", 41)));
            await transaction.CommitAsync();
        }

        Assert.Equal(["a 1", "b 40"], await database.ListAsync("SELECT k || ' ' || n FROM item"));
        Assert.Equal("41", await database.ScalarAsync("INSERT INTO item VALUES ('c') RETURNING n"));
    }

    [Fact]
    public async Task Settings_of_the_role_and_the_database_change_nothing_that_is_read()
    {
        const string table = "CREATE TABLE item (id bigint PRIMARY KEY, f float8, b bytea, t timestamptz, i interval, m money, r float8[])";
        const string row = "INSERT INTO item VALUES (1, 0.1::float8 + 0.2, '\\x00ff', '2026-01-01 00:00+00', '1 year 2 days -3 hours', 12.5, ARRAY[0.1::float8 + 0.2])";
        var plain = await NewAsync(table, row);
        var odd = await NewAsync(table, row);
        var name = await odd.ScalarAsync("SELECT current_database()");
        foreach (var setting in new[]
        {
            "DateStyle = 'SQL, DMY'", "IntervalStyle = 'iso_8601'", "TimeZone = 'Asia/Kathmandu'", "extra_float_digits = -5", "bytea_output = 'escape'",
            "quote_all_identifiers = on", "search_path = ''", "statement_timeout = '1min'", "default_transaction_isolation = 'serializable'", "default_transaction_read_only = on",
        })
            await odd.ExecuteAsync($"ALTER DATABASE {name} SET {setting}");
        var (left, right) = (await OpenAsync(plain), await OpenAsync(odd));
        Assert.Equal(await left.ShowAllAsync("item"), await right.ShowAllAsync("item"));
        Assert.Empty(SchemaCheck.Differences((await left.CatalogAsync()).Tables.Single(), (await right.CatalogAsync()).Tables.Single()));
        await using var transaction = await right.BeginAsync();
        Assert.Equal(1, await transaction.ClearAsync("item"));
        await transaction.CommitAsync();
        Assert.Empty(await right.ShowAllAsync("item"));
    }
}
