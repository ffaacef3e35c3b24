using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    [Fact]
    public async Task A_transaction_that_is_not_committed_leaves_everything_as_it_was()
    {
        var database = await NewAsync(
            ItemTable(), Make.FillIdAndText("item", 500), ItemTable("copied"), ItemTable("fired_on"), $"CREATE TABLE fired (n {T(LogicalKind.Integer)})",
            $"CREATE TABLE child (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, item {T(LogicalKind.Integer)} NOT NULL REFERENCES item (id) ON DELETE CASCADE)", "INSERT INTO child VALUES (1, 7)");
        await database.ExecuteAsync(Make.TriggerThatNotes("fired_on"));
        var before = await DumpAsync(database, "item", "copied", "child", "fired");
        var id = Guid.NewGuid();
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.ClearAsync("item");
            await transaction.InsertAsync("item", ("id", 9000), ("v", "new"));
            await transaction.UpdateAsync("item", ("id", 9000), ("v", "newer"));
            await transaction.DeleteAsync("child", 1);
            await transaction.InsertAsync("copied", ("id", 1), ("v", "x"));
            await transaction.InsertAsync("fired_on", ("id", 1), ("v", "x"));
            await transaction.CreateTableAsync(side.GetCreateTable(transaction.Table("item") with { Name = new TableName(null, "made") }, side.Provider), Token);
            await transaction.RecordTransferAsync(id, Token);
        }

        Assert.Equal(before, await DumpAsync(database, "item", "copied", "child", "fired"));
        Assert.False(await side.HasTransferAsync(id, Token));
        Assert.Empty(await database.FindOwnObjectsAsync());
        Assert.DoesNotContain((await side.CatalogAsync()).Tables, t => t.Name.Name == "made");
        await database.ExecuteAsync(Item(2, "x", "fired_on"));
        Assert.Single(await database.ListAsync("SELECT n FROM fired"));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => database.ExecuteAsync("INSERT INTO child VALUES (2, 99999)"));
        await database.ExecuteAsync("DELETE FROM item WHERE id = 7");
        Assert.Empty(await database.ListAsync("SELECT id FROM child"));
    }

    [Fact]
    public async Task A_committed_transaction_stays_with_its_id()
    {
        var database = await NewAsync(ItemTable());
        var id = Guid.NewGuid();
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("id", 1), ("v", "one"));
            await transaction.RecordTransferAsync(id, Token);
            await transaction.CommitAsync();
        }

        var later = await OpenAsync(database);
        Assert.True(await later.HasTransferAsync(id, Token));
        Assert.False(await later.HasTransferAsync(Guid.NewGuid(), Token));
        Assert.Equal(["Integer 1 | Text 'one'"], await later.ShowAllAsync("item"));
    }

    [Fact]
    public async Task Many_rows_are_inserted_updated_and_deleted_with_true_counts()
    {
        var database = await NewAsync(ItemTable());
        var side = await OpenAsync(database);
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("item");
        RowBatch first = new(), second = new(), updates = new(), keys = new();
        for (var i = 1L; i <= 30_000; i++)
            Rows.Append(i % 2 == 0 ? first : second, table, ("id", i), ("v", "v" + i));
        for (var i = 20_001L; i <= 40_000; i++)
            Rows.Append(updates, table, ("id", i), ("v", "updated"));
        for (var i = 1L; i <= 60_000; i += 3)
        {
            Rows.Write(keys, i);
            keys.EndRow();
        }

        await transaction.InsertAsync(table, Rows.Stream(first, second), Token);
        Assert.Equal(30_000, await transaction.CountAsync(table, Token));
        Assert.Equal(10_000, await transaction.UpdateAsync(table, updates, Token));
        Assert.Equal(10_000, await transaction.DeleteAsync(table, keys, Token));
        Assert.Equal(20_000, await transaction.CountAsync(table, Token));
        var shown = await transaction.ShowAllAsync("item");
        Assert.Equal(6_667, shown.Count(s => s.EndsWith("'updated'", StringComparison.Ordinal)));
        Assert.Equal(20_000, await transaction.ClearAsync(table, Token));
        await transaction.CommitAsync();
    }

    [Fact]
    public async Task Empty_batches_do_nothing()
    {
        var side = await OpenAsync(await NewAsync(ItemTable(), Item(1, "one"), $"CREATE TABLE loose (v {T(LogicalKind.Text)})"));
        await using var transaction = await side.BeginAsync();
        await transaction.InsertAsync(transaction.Table("item"), Rows.Stream(), Token);
        await transaction.InsertAsync(transaction.Table("item"), Rows.Stream(new RowBatch()), Token);
        Assert.Equal(0, await transaction.UpdateAsync(transaction.Table("item"), new RowBatch(), Token));
        Assert.Equal(0, await transaction.DeleteAsync(transaction.Table("item"), new RowBatch(), Token));
        Assert.Equal(0, await transaction.DeleteRowsAsync(transaction.Table("loose"), new RowBatch(), Token));
        Assert.Equal(0, await transaction.ClearAsync("loose"));
        Assert.Equal(1, await transaction.CountAsync(transaction.Table("item"), Token));
        await transaction.CommitAsync();
    }

    [Fact]
    public async Task Update_and_delete_match_keys_by_their_bytes_not_by_the_collation()
    {
        var database = await NewAsync([.. Make.LooseTextSetup, $"CREATE TABLE item (k {Make.LooseText} NOT NULL PRIMARY KEY, v {T(LogicalKind.Integer)})", "INSERT INTO item VALUES ('abc', 1)", "INSERT INTO item VALUES ('b ', 2)"]);
        var side = await OpenAsync(database);
        await using var transaction = await side.BeginAsync();
        Assert.False(transaction.Table("item").Columns[0].CollationIsBinary);
        Assert.Equal(0, await transaction.UpdateAsync("item", ("k", "ABC"), ("v", 9)));
        Assert.Equal(0, await transaction.UpdateAsync("item", ("k", "b"), ("v", 9)));
        Assert.Equal(0, await transaction.DeleteAsync("item", "ABC", "b", "abc "));
        Assert.Equal(["Text 'abc' | Integer 1", "Text 'b ' | Integer 2"], await transaction.ShowAllAsync("item"));
        Assert.Equal(1, await transaction.UpdateAsync("item", ("k", "abc"), ("v", 3)));
        Assert.Equal(2, await transaction.DeleteAsync("item", "abc", "b "));
    }

    [Fact]
    public async Task Keys_with_trailing_blanks_and_accents_are_different_keys()
    {
        Assert.SkipWhen(Make.Provider == SideProvider.SqlServer, "SQL Server pads text with blanks when it compares, under every collation.");
        var side = await OpenAsync(await NewAsync($"CREATE TABLE item (k {Make.KeyText} NOT NULL PRIMARY KEY, v {T(LogicalKind.Integer)})"));
        await using var transaction = await side.BeginAsync();
        object[] keys = ["a", "a ", "A", "á", "a\u0301", ""];
        var batch = new RowBatch();
        foreach (var key in keys)
            Rows.Append(batch, transaction.Table("item"), ("k", key), ("v", 1));
        await transaction.InsertAsync(transaction.Table("item"), Rows.Stream(batch), Token);
        foreach (var key in keys)
            Assert.Equal(1, await transaction.UpdateAsync("item", ("k", key), ("v", 2)));
        foreach (var key in keys)
            Assert.Equal(1, await transaction.DeleteAsync("item", key));
    }

    [Fact]
    public async Task Composite_keys_update_and_delete_only_their_own_row()
    {
        var side = await OpenAsync(await NewAsync($"CREATE TABLE item (a {T(LogicalKind.Integer)} NOT NULL, b {Make.KeyText} NOT NULL, v {T(LogicalKind.Text)}, PRIMARY KEY (b, a))"));
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("item");
        var batch = new RowBatch();
        for (var a = 1; a <= 3; a++)
            foreach (var b in new[] { "x", "y" })
                Rows.Append(batch, table, ("a", a), ("b", b), ("v", "old"));
        await transaction.InsertAsync(table, Rows.Stream(batch), Token);
        Assert.Equal(1, await transaction.UpdateAsync("item", ("a", 2), ("b", "y"), ("v", "new")));
        Assert.Equal(1, await transaction.DeleteAsync(table, Rows.Key("x", 3), Token));
        Assert.Equal(0, await transaction.DeleteAsync(table, Rows.Key("z", 1), Token));
        Assert.Equal(
            ["Integer 1 | Text 'x' | Text 'old'", "Integer 1 | Text 'y' | Text 'old'", "Integer 2 | Text 'x' | Text 'old'", "Integer 2 | Text 'y' | Text 'new'", "Integer 3 | Text 'y' | Text 'old'"],
            await transaction.ShowAllAsync("item"));
    }

    [Fact]
    public async Task Rows_of_a_table_without_a_key_go_one_for_one()
    {
        var database = await NewAsync($"CREATE TABLE loose (a {T(LogicalKind.Integer)}, b {T(LogicalKind.Text)}, c {T(LogicalKind.Double)}, d {T(LogicalKind.Binary)})");
        var side = await OpenAsync(database);
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("loose");
        (string, object?)[][] rows =
        [
            [("a", 1), ("b", "x"), ("c", 0.5)], [("a", 1), ("b", "x"), ("c", 0.5)], [("a", 1), ("b", "x"), ("c", 0.5)],
            [("a", 1), ("b", "x ")], [("a", 1), ("b", "X")], [], [], [("b", "")], [("c", 0.1), ("d", new byte[] { 0 })], [("c", 0.1), ("d", Array.Empty<byte>())],
        ];
        var batch = new RowBatch();
        foreach (var row in rows)
            Rows.Append(batch, table, row);
        await transaction.InsertAsync(table, Rows.Stream(batch), Token);

        var gone = new RowBatch();
        foreach (var row in new[] { rows[0], rows[0], rows[4], rows[5], rows[9], [("a", 77)] })
            Rows.Append(gone, table, row);
        Assert.Equal(5, await transaction.DeleteRowsAsync(table, gone, Token));
        var left = new RowBatch();
        foreach (var row in new[] { rows[0], rows[3], rows[6], rows[7], rows[8] })
            Rows.Append(left, table, row);
        Assert.Equal(Rows.ShowSorted(Enumerable.Range(0, left.Count).Select(i => left[i].ToArray())), await transaction.ShowAllAsync("loose"));
    }

    [Fact]
    public async Task Triggers_do_not_fire_for_a_transfer_and_fire_again_after_it()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"), Item(2, "two"), $"CREATE TABLE fired (n {T(LogicalKind.Integer)})");
        await database.ExecuteAsync(Make.TriggerThatNotes("item"));
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("id", 3), ("v", "three"));
            await transaction.UpdateAsync("item", ("id", 1), ("v", "first"));
            await transaction.DeleteAsync("item", 2);
            await transaction.ClearAsync("item");
            Assert.Empty(await transaction.ShowAllAsync("fired"));
            await transaction.CommitAsync();
        }

        Assert.Empty(await database.ListAsync("SELECT n FROM fired"));
        await database.ExecuteAsync(Item(5, "five"));
        Assert.Single(await database.ListAsync("SELECT n FROM fired"));
    }

    [Fact]
    public async Task Foreign_keys_neither_stop_nor_widen_a_transfer_and_hold_again_after_it()
    {
        var i = T(LogicalKind.Integer);
        var database = await NewAsync(
            ItemTable("parent"), Item(1, "one", "parent"), Item(2, "two", "parent"),
            $"CREATE TABLE child (id {i} NOT NULL PRIMARY KEY, parent {i} REFERENCES parent (id) ON DELETE CASCADE)", "INSERT INTO child VALUES (10, 1)", "INSERT INTO child VALUES (20, 2)",
            $"CREATE TABLE outside (id {i} NOT NULL PRIMARY KEY, parent {i} REFERENCES parent (id) ON DELETE CASCADE)", "INSERT INTO outside VALUES (30, 1)");
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync("parent", "child"))
        {
            var tables = new[] { transaction.Table("parent"), transaction.Table("child") };
            await transaction.InsertAsync("child", ("id", 30), ("parent", 3));
            await transaction.ClearAsync("parent");
            Assert.Equal(3, await transaction.CountAsync(transaction.Table("child"), Token));
            Assert.NotEmpty(await transaction.FindForeignKeyViolationsAsync(tables, Token));
            for (var id = 1; id <= 3; id++)
                await transaction.InsertAsync("parent", ("id", id), ("v", "back"));
            Assert.Empty(await transaction.FindForeignKeyViolationsAsync(tables, Token));
            Assert.Equal(1, await transaction.DeleteAsync("parent", 1));
            Assert.Equal(1, await transaction.DeleteAsync("child", 10));
            Assert.Contains(await transaction.FindForeignKeyViolationsAsync(tables, Token), v => v.Text.Contains("outside", StringComparison.Ordinal));
            await transaction.InsertAsync("parent", ("id", 1), ("v", "back"));
            Assert.Empty(await transaction.FindForeignKeyViolationsAsync(tables, Token));
            await transaction.CommitAsync();
        }

        Assert.Equal(["20", "30"], await database.ListAsync("SELECT id FROM child"));
        Assert.Equal(["30"], await database.ListAsync("SELECT id FROM outside"));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => database.ExecuteAsync("INSERT INTO child VALUES (40, 99)"));
        await database.ExecuteAsync("DELETE FROM parent WHERE id = 2");
        Assert.Equal(["30"], await database.ListAsync("SELECT id FROM child"));
    }

    [Fact]
    public async Task A_broken_constraint_is_a_typed_failure_and_nothing_stays()
    {
        var i = T(LogicalKind.Integer);
        var database = await NewAsync($"CREATE TABLE item (id {i} NOT NULL PRIMARY KEY, u {i} UNIQUE, n {i} NOT NULL, c {i} CHECK (c > 0))", "INSERT INTO item VALUES (1, 1, 1, 1)");
        var side = await OpenAsync(database);
        (string, object?)[][] bad =
        [
            [("id", 1), ("u", 2), ("n", 1), ("c", 1)],
            [("id", 2), ("u", 1), ("n", 1), ("c", 1)],
            [("id", 2), ("u", 2), ("n", null), ("c", 1)],
            [("id", 2), ("u", 2), ("n", 1), ("c", -1)],
        ];
        foreach (var row in bad)
        {
            await using var transaction = await side.BeginAsync();
            await transaction.InsertAsync("item", ("id", 5), ("u", 5), ("n", 5), ("c", 5));
            var failure = await Sides.FailsAsync(ErrorCodes.ConstraintViolated, () => transaction.InsertAsync("item", row));
            Assert.Contains("item", failure.Message, StringComparison.Ordinal);
        }

        await using (var transaction = await side.BeginAsync())
        {
            await transaction.InsertAsync("item", ("id", 2), ("u", 2), ("n", 2), ("c", 2));
            await Sides.FailsAsync(ErrorCodes.ConstraintViolated, () => transaction.UpdateAsync("item", ("id", 2), ("u", 1), ("n", 1), ("c", 1)));
        }

        Assert.Equal(["1"], await database.ListAsync("SELECT id FROM item"));
    }

    [Fact]
    public async Task Rows_that_fail_to_arrive_leave_a_transaction_that_rolls_back()
    {
        var database = await NewAsync(ItemTable(), Item(1, "one"));
        var side = await OpenAsync(database);
        await using (var transaction = await side.BeginAsync())
        {
            var table = transaction.Table("item");
            await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => transaction.InsertAsync(table, Broken(table), Token));
        }

        Assert.Equal(["Integer 1 | Text 'one'"], await side.ShowAllAsync("item"));
        await database.ExecuteAsync(Item(2, "two"));

        static async IAsyncEnumerable<RowBatch> Broken(TableSchema table)
        {
            yield return Rows.Of(table, ("id", 2), ("v", "x"));
            await Task.Yield();
            throw new TimeZoneNotFoundException("A stream that breaks.");
        }
    }

    private static async Task<List<string>> DumpAsync(Makes.TestDatabase database, params string[] tables)
    {
        var all = new List<string>();
        foreach (var table in tables)
            all.AddRange((await database.DumpAsync(table)).Select(r => table + ": " + r));
        return all;
    }
}
