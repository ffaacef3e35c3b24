using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    [Fact]
    public async Task A_snapshot_with_several_readers_sees_nothing_that_was_committed_after_it_began()
    {
        var database = await NewAsync(ItemTable(), Make.FillIdAndText("item", 3_000), ItemTable("other"), Item(1, "old", "other"));
        var side = await OpenAsync(database);
        await using (var snapshot = await side.SnapshotAsync(readers: 3))
        {
            Assert.InRange(snapshot.Readers, 1, 3);
            Assert.False(string.IsNullOrEmpty(snapshot.Isolation));
            var table = snapshot.Table("item");
            var wrote = await TryWriteAsync(database, "UPDATE item SET v = 'new'", "DELETE FROM item WHERE id > 1000", Item(100_000, "new"), "UPDATE other SET v = 'new'");
            var ranges = await snapshot.SplitAsync(table, snapshot.Readers, Token);
            var read = await Task.WhenAll(ranges.Select(r => snapshot.ReadAsync(new RowQuery(table, Ordered: true, r), Token).ToListAsync()));
            Assert.Equal(3_000, read.Sum(r => r.Count));
            Assert.All(read.SelectMany(r => r), r => Assert.Contains("'row ", Rows.Show(r), StringComparison.Ordinal));
            var others = await Task.WhenAll(Enumerable.Range(0, snapshot.Readers).Select(_ => snapshot.ShowAllAsync("other")));
            Assert.All(others, o => Assert.Equal(["Integer 1 | Text 'old'"], o));
            Assert.Equal(3_000, await snapshot.CountAsync(table, Token));
            Assert.Equal(["Integer 5 | Text 'row 5'"], Rows.ShowSorted(await snapshot.ReadByKeyAsync(table, Rows.Keys(5, 100_000), Token).ToListAsync()));
            if (!wrote)
                return;
        }

        Assert.Equal(1_001, (await side.ShowAllAsync("item")).Count);
    }

    [Fact]
    public async Task Readers_of_a_snapshot_work_side_by_side_and_begin_again_after_one_stops_early()
    {
        var database = await NewAsync(ItemTable(), Make.FillIdAndText("item", 20_000), ItemTable("other"), Make.FillIdAndText("other", 20_000));
        var side = await OpenAsync(database);
        await using var snapshot = await side.SnapshotAsync(readers: 2);
        for (var round = 0; round < 3; round++)
        {
            await foreach (var batch in snapshot.ReadAsync(new RowQuery(snapshot.Table("item")), Token))
            {
                batch.Dispose();
                break;
            }

            var counts = await Task.WhenAll(
                Enumerable.Range(0, snapshot.Readers).Select(i => snapshot.ReadAllAsync(snapshot.Table(i == 0 ? "item" : "other"))));
            Assert.All(counts, c => Assert.Equal(20_000, c.Count));
        }
    }

    [Fact]
    public async Task A_snapshot_that_has_ended_holds_nobody_up()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"));
        var side = await OpenAsync(database);
        await using (var snapshot = await side.SnapshotAsync(readers: 2))
            await snapshot.ReadAllAsync(snapshot.Table("item"));
        await database.ExecuteAsync("DROP TABLE item");
    }

    [Fact]
    public async Task Reading_changes_nothing_in_the_database()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"));
        var before = await database.FindOwnObjectsAsync();
        var side = await OpenAsync(database);
        Assert.False(await side.IsInServiceAsync(Token));
        Assert.False(await side.HasTransferAsync(Guid.NewGuid(), Token));
        Assert.False((await side.Log.GetStateAsync(Token)).Enabled);
        await using (var snapshot = await side.SnapshotAsync(readers: 2))
        {
            await snapshot.ReadAllAsync(snapshot.Table("item"));
            Assert.Empty((await snapshot.GetPositionAsync(Token)).Keys);
        }

        Assert.Equal(before, await database.FindOwnObjectsAsync());
        Assert.Single(await side.ShowAllAsync("item"));
    }

    [Fact]
    public async Task A_profile_leaves_columns_and_rows_out_and_a_transfer_keeps_them()
    {
        var database = await NewAsync(
            $"CREATE TABLE item (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(LogicalKind.Text)}, host {T(LogicalKind.Text)})",
            "INSERT INTO item VALUES (1, 'one', 'local 1')", "INSERT INTO item VALUES (2, 'two', 'local 2')", "INSERT INTO item VALUES (-1, 'hidden', 'local 3')",
            ItemTable("kept"));
        var profile = new SideProfile(
            [],
            new Dictionary<string, IReadOnlyList<string>> { ["item"] = ["host"] },
            new Dictionary<string, string> { ["item"] = "id > 0" });
        var side = await OpenAsync(database);
        await using (var snapshot = await side.BeginSnapshotAsync(new SnapshotOptions { Profile = profile, AllowBlockingRead = true }, Token))
        {
            var table = snapshot.Table("item");
            Assert.Equal(["id", "v"], table.Columns.Select(c => c.Name));
            Assert.Equal(["host"], table.SideLocalColumns);
            Assert.Contains("host", table.LeftOut);
            Assert.Equal(["Integer 1 | Text 'one'", "Integer 2 | Text 'two'"], await snapshot.ShowAllAsync("item"));
            Assert.Equal(2, await snapshot.CountAsync(table, Token));
            Assert.Empty(await snapshot.ReadByKeyAsync(table, Rows.Keys(-1), Token).ToListAsync());
            await snapshot.DisposeAsync();

            await using var transaction = await side.BeginTransactionAsync([table], TimeSpan.FromSeconds(5), Token);
            Assert.Equal(["Integer 1 | Text 'one'", "Integer 2 | Text 'two'"], Rows.ShowSorted(await transaction.ReadAllAsync(table)));
            Assert.Equal(1, await transaction.UpdateAsync(table, Rows.Of(table, ("id", 1), ("v", "changed")), Token));
            await transaction.CommitAsync();
            Assert.Equal("local 1", await database.ScalarAsync("SELECT host FROM item WHERE id = 1"));

            await using var second = await side.BeginTransactionAsync([table], TimeSpan.FromSeconds(5), Token);
            Assert.Equal(2, await second.ClearAsync(table, Token));
            await second.CommitAsync();
        }

        Assert.Equal("hidden", await database.ScalarAsync("SELECT v FROM item"));
    }

    /// <summary>Writes unless the snapshot is held by shared locks, as on a server without snapshot isolation.</summary>
    private async Task<bool> TryWriteAsync(TestDatabase database, params string[] statements)
    {
        await using var connection = await database.ConnectAsync();
        await TestDatabase.ExecuteAsync(connection, Make.ImpatientSession);
        try
        {
            foreach (var statement in statements)
                await TestDatabase.ExecuteAsync(connection, statement, timeoutSeconds: 3);
            return true;
        }
        catch (System.Data.Common.DbException)
        {
            Assert.NotEqual(SideProvider.PostgreSql, Make.Provider);
            return false;
        }
    }
}
