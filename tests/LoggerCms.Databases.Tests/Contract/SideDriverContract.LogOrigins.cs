using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

/// <summary>What the log keeps of other origins, and when a side gets another of its own.</summary>
public abstract partial class SideDriverContract
{
    [Fact]
    public async Task Retention_spares_the_last_entry_of_another_origin_by_which_its_history_is_known()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await database.ExecuteAsync(Item(1, "one"));
        var foreign = new[] { 7L, 8L, 9L }.Select(k => new LogEntry("B/x", k, "item", LogOperation.Update, "i1", 1_000_000)).ToArray();
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.LogWriter!.AppendAsync(foreign, Token);
            await transaction.CommitAsync();
        }

        Assert.Equal(2, await side.Log.TrimAsync(Token));
        Assert.Equal([foreign[2]], await side.Log.ReadAsync("B/x", 0, long.MaxValue, Token).ToListAsync(Token));
        Assert.InRange((await side.Log.GetStartsAsync(Token))["B/x"], 9, 9);
        Assert.Equal(0, await side.Log.TrimAsync(Token));
    }

    [Fact]
    public async Task Enabling_again_adds_tables_under_a_new_origin_and_keeps_the_entries()
    {
        var database = await NewAsync(ItemTable("a"), ItemTable("b"));
        var side = await OpenAsync(database);
        var tables = (await side.CatalogAsync()).Tables;
        await side.Log.EnableAsync("A", [tables[0]], Week, Token);
        await database.ExecuteAsync(Item(1, "x", "a"), Item(1, "x", "b"));
        var before = await LogAsync(side);
        var old = await side.Log.GetStateAsync(Token);
        await SetPositionAsync(side, "B/x", 5, "a", "b");
        await side.Log.EnableAsync("A", [tables[1]], Week, Token);
        var renewed = await side.Log.GetStateAsync(Token);
        await side.Log.EnableAsync("A", tables, Week, Token);
        Assert.Equal(renewed.Origin, (await side.Log.GetStateAsync(Token)).Origin);
        await database.ExecuteAsync(Item(2, "x", "a"), Item(2, "x", "b"));
        var after = await LogAsync(side);
        Assert.Equal(["a"], before.Select(e => e.Table));
        Assert.Equal(["a", "a", "b"], after.Select(e => e.Table).Order(StringComparer.Ordinal));
        Assert.Contains(before[0], after);
        Assert.NotEqual(old.Origin, renewed.Origin);
        Assert.Equal(0, renewed.LastUpdateKey);
        Assert.Equal([1L, 2L], after.Where(e => e.Origin == renewed.Origin).Select(e => e.UpdateKey));
        Assert.Equal(["a", "b"], renewed.Tables.Order(StringComparer.Ordinal));

        // What b received it may have lost since, and nobody who was level is so in b.
        Assert.DoesNotContain("B/x", renewed.Position.Keys);
        await using var snapshot = await side.SnapshotAsync();
        var position = await snapshot.GetPositionAsync(Token);
        Assert.Equal(5, position.Over(["a"]).Keys["B/x"]);
        Assert.Equal(old.LastUpdateKey, position.Over(["a"]).Keys[old.Origin!]);
        Assert.Equal([renewed.Origin!], position.Over(["b"]).Keys.Keys);
        Assert.Equal(old.LastUpdateKey, position.Over([SidePosition.FormerOrigins]).Keys[old.Origin!]);
    }

    [Fact]
    public async Task A_table_that_was_renamed_is_under_the_log_by_its_new_name_once_it_is_enabled_again()
    {
        var (database, side) = await LoggedAsync(ItemTable("old"), ItemTable("other"));
        await database.ExecuteAsync(Item(1, "x", "old"), Make.RenameTable("old", "new"));
        var before = await side.Log.GetStateAsync(Token);
        Assert.Equal(["other"], before.Tables);
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, Week, Token);
        var after = await side.Log.GetStateAsync(Token);
        Assert.Equal(["new", "other"], after.Tables.Order(StringComparer.Ordinal));
        Assert.NotEqual(before.Origin, after.Origin);
        await database.ExecuteAsync(Item(2, "x", "new"));
        Assert.Equal(["new i2"], (await LogAsync(side)).Where(e => e.Origin == after.Origin).Select(e => $"{e.Table} {e.Key}"));
    }

    private static async Task SetPositionAsync(ISide side, string origin, long key, params string[] tables)
    {
        await using var transaction = await side.BeginAsync();
        await transaction.LogWriter!.SetPositionAsync(
            new SidePosition(null, new Dictionary<string, long> { [origin] = key }), [.. tables.Select(transaction.Table)], cut: false, Token);
        await transaction.CommitAsync();
    }
}
