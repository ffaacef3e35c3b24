using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    [Fact]
    public async Task Each_change_is_logged_with_table_key_and_operation_and_keys_grow()
    {
        var (database, side) = await LoggedAsync(ItemTable(), Item(1, "before the log"));
        await database.ExecuteAsync(
            Item(2, "two"), "UPDATE item SET v = 'x' WHERE id = 1", "DELETE FROM item WHERE id = 2", "UPDATE item SET id = 9 WHERE id = 1", "DELETE FROM item WHERE id = 404");
        var entries = await LogAsync(side);
        Assert.Equal(["Insert i2", "Update i1", "Delete i2", "Delete i1", "Insert i9"], entries.Select(e => $"{e.Operation} {e.Key}"));
        Assert.All(entries, e => Assert.Equal("item", e.Table));
        Assert.Equal(entries.Select(e => e.UpdateKey).Distinct().Order(), entries.Select(e => e.UpdateKey));
        Assert.True(entries[0].UpdateKey >= 1);
        var now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / 10;
        Assert.All(entries, e => Assert.InRange(e.AtMicroseconds, now - 120_000_000, now + 60_000_000));

        var state = await side.Log.GetStateAsync(Token);
        Assert.True(state.Enabled);
        Assert.Equal(Week, state.Retention);
        Assert.Equal(5, state.Entries);
        Assert.Equal(["item"], state.Tables);
        Assert.StartsWith("A", state.Origin, StringComparison.Ordinal);
        Assert.All(entries, e => Assert.Equal(state.Origin, e.Origin));
        Assert.Equal(entries[^1].UpdateKey, state.LastUpdateKey);
        Assert.Equal(entries[^1].UpdateKey, state.Position[state.Origin!]);
        Assert.Equal(entries[0].UpdateKey, state.FirstUpdateKey);
        await using var snapshot = await side.SnapshotAsync();
        var position = await snapshot.GetPositionAsync(Token);
        Assert.Equal(state.Origin, position.Own);
        Assert.Equal(state.LastUpdateKey, position.OwnKey);
    }

    [Fact]
    public async Task Several_rows_in_one_statement_are_logged_each()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await database.ExecuteAsync(Make.FillIdAndText("item", 200), "UPDATE item SET v = 'x' WHERE id > 150", "DELETE FROM item");
        var entries = await LogAsync(side);
        Assert.Equal(200, entries.Count(e => e.Operation == LogOperation.Insert));
        Assert.Equal(50, entries.Count(e => e.Operation == LogOperation.Update));
        Assert.Equal(200, entries.Where(e => e.Operation == LogOperation.Delete).Select(e => e.Key).Distinct().Count());
        Assert.Equal(450, entries.Select(e => e.UpdateKey).Distinct().Count());
    }

    [Fact]
    public async Task Keys_that_change_places_in_one_statement_are_logged_as_deletes_and_inserts()
    {
        var (database, side) = await LoggedAsync(ItemTable(), Make.FillIdAndText("item", 3));
        await database.ExecuteAsync("UPDATE item SET id = id + 100");
        var entries = await LogAsync(side);
        Assert.Equal(["i1", "i2", "i3"], entries.Where(e => e.Operation == LogOperation.Delete).Select(e => e.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["i101", "i102", "i103"], entries.Where(e => e.Operation == LogOperation.Insert).Select(e => e.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Logged_keys_are_those_of_the_canonical_rows()
    {
        var kinds = new[] { LogicalKind.Integer, LogicalKind.Boolean, LogicalKind.Guid, LogicalKind.Decimal };
        var keyColumns = kinds.Where(k => Make.TypeOf(k) is not null).Select(k => ($"{k}", T(k))).Append(("Text", Make.KeyText)).ToArray();
        var database = await NewAsync(
            $"CREATE TABLE item ({string.Join(", ", keyColumns.Select(c => $"{Q(c.Item1)} {c.Item2} NOT NULL"))}, v {T(LogicalKind.Text)}, PRIMARY KEY ({string.Join(", ", keyColumns.Select(c => Q(c.Item1)))}))");
        var side = await OpenAsync(database);
        var rows = new List<string>();
        await using (var transaction = await side.BeginAsync())
        {
            var table = transaction.Table("item");
            foreach (var text in new[] { "", "a b", "A", "é😀", "it's, \"so\"" })
            {
                await transaction.InsertAsync("item", [.. keyColumns.Select(c => (c.Item1, c.Item1 switch
                {
                    "Integer" => (object?)-5L,
                    "Boolean" => true,
                    "Guid" => new Guid("00112233-4455-6677-8899-aabbccddeeff"),
                    "Decimal" => Raw.Decimal(Make.Decimals[4]),
                    _ => text,
                }))]);
            }

            rows.AddRange((await transaction.ReadAllAsync(table)).Select(r => LogKey.Format(Rows.KeyOf(table, r))));
            await transaction.CommitAsync();
        }

        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, Week, Token);
        await database.ExecuteAsync("UPDATE item SET v = 'touched'");
        var entries = await LogAsync(side);
        Assert.Equal(rows.Order(StringComparer.Ordinal), entries.Select(e => e.Key).Order(StringComparer.Ordinal));
        foreach (var entry in entries)
        {
            using var keys = new RowBatch();
            LogKey.Parse(entry.Key, keys);
            await using var snapshot = await side.SnapshotAsync();
            Assert.Single(await snapshot.ReadByKeyAsync(snapshot.Table("item"), keys, Token).ToListAsync());
        }
    }

    [Fact]
    public async Task A_change_that_is_rolled_back_is_not_logged()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await using (var writer = await database.ConnectAsync())
        {
            await TestDatabase.ExecuteAsync(writer, Make.BeginWrite);
            await TestDatabase.ExecuteAsync(writer, Item(1, "never"));
            await TestDatabase.ExecuteAsync(writer, "ROLLBACK");
        }

        await database.ExecuteAsync(Item(2, "kept"));
        Assert.Equal(["i2"], (await LogAsync(side)).Select(e => e.Key));
    }

    [Fact]
    public async Task Overlapping_transactions_that_commit_in_reverse_are_never_skipped_by_the_last_update_key()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        var reader = await OpenAsync(database);
        var promised = new List<(long Key, List<LogEntry> Entries)>();
        await using var early = await database.ConnectAsync();
        await using var late = await database.ConnectAsync();
        await TestDatabase.ExecuteAsync(late, Make.ImpatientSession);
        await TestDatabase.ExecuteAsync(early, Make.BeginWrite);
        await TestDatabase.ExecuteAsync(early, Item(1, "first key, last commit"));
        await PromiseAsync();
        var overlapped = false;
        try
        {
            await TestDatabase.ExecuteAsync(late, Make.BeginWrite, timeoutSeconds: 2);
            await TestDatabase.ExecuteAsync(late, Item(2, "second key, first commit"), timeoutSeconds: 2);
            await PromiseAsync();
            await TestDatabase.ExecuteAsync(late, "COMMIT");
            overlapped = true;
        }
        catch (System.Data.Common.DbException)
        {
            // Writers that wait for each other commit in order; that is a guarantee too.
            await late.CloseAsync();
        }

        await PromiseAsync();
        await TestDatabase.ExecuteAsync(early, "COMMIT");
        await PromiseAsync();
        Assert.Equal(overlapped ? 2 : 1, promised[^1].Entries.Count);
        foreach (var (key, entries) in promised)
            Assert.Equal(promised[^1].Entries.Where(e => e.UpdateKey <= key), entries);

        async Task PromiseAsync()
        {
            var key = (await reader.Log.GetStateAsync(Token)).LastUpdateKey ?? 0;
            promised.Add((key, await reader.Log.ReadAsync(null, 0, key, Token).ToListAsync(Token)));
        }
    }

    [Fact]
    public async Task A_snapshot_position_covers_exactly_the_rows_that_the_snapshot_sees()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await database.ExecuteAsync(Item(1, "one"));
        await using var snapshot = await side.SnapshotAsync(readers: 2);
        var key = (await snapshot.GetPositionAsync(Token)).OwnKey;
        if (!await TryWriteAsync(database, Item(2, "two")))
            Assert.Skip("The snapshot holds writers up.");
        Assert.Equal(key, (await snapshot.GetPositionAsync(Token)).OwnKey);
        Assert.True((await side.Log.GetStateAsync(Token)).LastUpdateKey > key);
        Assert.Single(await snapshot.ShowAllAsync("item"));
    }

    [Fact]
    public async Task What_a_transfer_writes_is_not_logged_as_our_own_and_its_entries_keep_their_origin()
    {
        var (database, side) = await LoggedAsync(ItemTable(), Item(1, "one"));
        await database.ExecuteAsync(Item(2, "own"));
        var own = Assert.Single(await LogAsync(side));
        var foreign = new[]
        {
            new LogEntry("B/incarnation", 41, "item", LogOperation.Insert, "i3", 1_000_000),
            new LogEntry("B/incarnation", 42, "item", LogOperation.Delete, "i1", 1_000_001),
        };
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("id", 3), ("v", "three"));
            await transaction.UpdateAsync("item", ("id", 2), ("v", "changed"));
            await transaction.DeleteAsync("item", 1);
            Assert.NotNull(transaction.LogWriter);
            await transaction.LogWriter.AppendAsync(foreign, Token);
            await transaction.LogWriter.SetPositionAsync(new SidePosition("B/incarnation", new Dictionary<string, long> { ["B/incarnation"] = 42 }), [transaction.Table("item")], cut: false, Token);
            await transaction.CommitAsync();
        }

        var entries = await LogAsync(side);
        Assert.Equal(3, entries.Count);
        Assert.Contains(own, entries);
        Assert.Equal(foreign, await side.Log.ReadAsync("B/incarnation", 0, long.MaxValue, Token).ToListAsync(Token));
        Assert.Equal([foreign[1]], await side.Log.ReadAsync("B/incarnation", 41, 42, Token).ToListAsync(Token));
        Assert.Empty(await side.Log.ReadAsync("B/incarnation", 42, 100, Token).ToListAsync(Token));
        var state = await side.Log.GetStateAsync(Token);
        Assert.Equal(42, state.Position["B/incarnation"]);
        Assert.Equal(own.UpdateKey, state.Position[own.Origin]);
        await database.ExecuteAsync(Item(7, "the triggers are back"));
        Assert.Equal(4, (await LogAsync(side)).Count);
    }

    [Fact]
    public async Task A_cut_log_starts_at_the_received_position_and_an_older_position_cannot_be_served()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await database.ExecuteAsync(Item(1, "one"), Item(2, "two"));
        var last = (await LogAsync(side))[^1];
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.LogWriter!.SetPositionAsync(new SidePosition("B/x", new Dictionary<string, long> { ["B/x"] = 900, ["C/y"] = 5 }), [transaction.Table("item")], cut: true, Token);
            await transaction.CommitAsync();
        }

        Assert.Empty(await LogAsync(side));
        var state = await side.Log.GetStateAsync(Token);
        Assert.Equal(900, state.Position["B/x"]);
        Assert.Equal(5, state.Position["C/y"]);
        var starts = await side.Log.GetStartsAsync(Token);
        Assert.True(starts["B/x"] > 900);
        Assert.True(starts[last.Origin] > last.UpdateKey);
        await database.ExecuteAsync(Item(3, "three"));
        Assert.True((await LogAsync(side)).Single().UpdateKey > last.UpdateKey);
    }

    [Fact]
    public async Task Retention_moves_the_start_of_the_log_and_no_key_is_used_again()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await database.ExecuteAsync(Item(1, "one"), Item(2, "two"), Item(3, "three"));
        var entries = await LogAsync(side);
        Assert.Equal(0, await side.Log.TrimAsync(Token));
        await database.ExecuteAsync($"UPDATE loggercms_log SET at_us = at_us - {9L * 86_400_000_000} WHERE update_key <= {entries[1].UpdateKey}");
        Assert.Equal(2, await side.Log.TrimAsync(Token));
        Assert.Equal([entries[2]], await LogAsync(side));
        var start = (await side.Log.GetStartsAsync(Token))[entries[0].Origin];
        Assert.InRange(start, entries[1].UpdateKey + 1, entries[2].UpdateKey);
        await database.ExecuteAsync($"UPDATE loggercms_log SET at_us = at_us - {9L * 86_400_000_000}");
        Assert.Equal(1, await side.Log.TrimAsync(Token));
        Assert.Equal(entries[2].UpdateKey, (await side.Log.GetStateAsync(Token)).LastUpdateKey);
        await database.ExecuteAsync(Item(4, "four"));
        Assert.True((await LogAsync(side)).Single().UpdateKey > entries[2].UpdateKey);
    }

    [Fact]
    public async Task Disabling_removes_every_trace_of_the_log_and_enabling_again_gives_a_new_incarnation()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await database.ExecuteAsync(Item(1, "one"));
        var origin = (await side.Log.GetStateAsync(Token)).Origin;
        await side.Log.DisableAsync(Token);
        Assert.Empty(await database.FindOwnObjectsAsync());
        Assert.False((await side.Log.GetStateAsync(Token)).Enabled);
        await database.ExecuteAsync(Item(2, "unlogged"));
        await side.Log.DisableAsync(Token);
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, Week, Token);
        Assert.NotEqual(origin, (await side.Log.GetStateAsync(Token)).Origin);
        Assert.Empty(await LogAsync(side));
    }

    [Fact]
    public async Task Disabling_leaves_what_tells_how_a_transfer_ended()
    {
        var (_, side) = await LoggedAsync(ItemTable());
        var id = Guid.NewGuid();
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.RecordTransferAsync(id, Token);
            await transaction.CommitAsync();
        }

        await side.Log.DisableAsync(Token);
        Assert.True(await side.HasTransferAsync(id, Token));
    }

    [Fact]
    public async Task Undoing_gives_the_side_a_new_incarnation()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await database.ExecuteAsync(Item(1, "one"));
        var before = Assert.Single(await LogAsync(side));
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.LogWriter!.RenewOriginAsync(Token);
            await transaction.CommitAsync();
        }

        await database.ExecuteAsync(Item(2, "two"));
        var origin = (await side.Log.GetStateAsync(Token)).Origin;
        Assert.NotEqual(before.Origin, origin);
        Assert.Equal(origin, (await LogAsync(side)).Single(e => e.Key == "i2").Origin);
    }

    [Fact]
    public async Task A_restored_copy_has_another_origin()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await database.ExecuteAsync(Item(1, "one"));
        var origin = (await side.Log.GetStateAsync(Token)).Origin;
        await side.DisposeAsync();
        var copy = Own(await database.CloneAsync());
        var restored = await OpenAsync(copy);
        Assert.NotEqual(origin, (await restored.Log.GetStateAsync(Token)).Origin);
        await using (var snapshot = await restored.SnapshotAsync())
            Assert.NotEqual(origin, (await snapshot.GetPositionAsync(Token)).Own);
        await using var original = await Make.Driver.OpenAsync(database.Connection, Token);
        Assert.Equal(origin, (await original.Log.GetStateAsync(Token)).Origin);
    }

    [Fact]
    public async Task A_table_that_cannot_be_logged_is_named_and_nothing_is_made()
    {
        var database = await NewAsync(
            ItemTable(), $"CREATE TABLE keyless (v {T(LogicalKind.Text)})", $"CREATE TABLE timed (k {T(LogicalKind.DateTime)} NOT NULL PRIMARY KEY)");
        var side = await OpenAsync(database);
        var catalog = await side.CatalogAsync();
        foreach (var name in new[] { "keyless", "timed" })
        {
            var failure = await Sides.FailsAsync(ErrorCodes.LogNotPossible, () => side.Log.EnableAsync("A", [.. catalog.Tables.Where(t => t.Name.Name == "item" || t.Name.Name == name)], Week, Token));
            Assert.Contains(name, failure.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await database.FindOwnObjectsAsync());
    }

    [Fact]
    public async Task A_writer_that_knows_nothing_of_the_log_is_logged_whatever_its_session_settings()
    {
        var (database, side) = await LoggedAsync(ItemTable());
        await using (var writer = await database.ConnectAsync())
        {
            if (Make.Provider == SideProvider.PostgreSql)
            {
                await TestDatabase.ExecuteAsync(writer, "SET search_path = pg_catalog");
                await TestDatabase.ExecuteAsync(writer, "SET DateStyle = 'German'");
                await TestDatabase.ExecuteAsync(writer, "SET bytea_output = 'escape'");
                await TestDatabase.ExecuteAsync(writer, "SET TimeZone = 'Asia/Kathmandu'");
                await TestDatabase.ExecuteAsync(writer, "INSERT INTO public.item VALUES (1, 'x')");
            }
            else
            {
                await TestDatabase.ExecuteAsync(writer, Item(1, "x"));
            }
        }

        Assert.Equal(["i1"], (await LogAsync(side)).Select(e => e.Key));
    }

    protected async Task<(TestDatabase Database, ISide Side)> LoggedAsync(params string[] statements)
    {
        var database = await NewAsync(statements);
        var side = await OpenAsync(database);
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, Week, Token);
        return (database, side);
    }

    protected static async Task<List<LogEntry>> LogAsync(ISide side) => await side.Log.ReadAsync(null, 0, long.MaxValue, Token).ToListAsync(Token);
}
