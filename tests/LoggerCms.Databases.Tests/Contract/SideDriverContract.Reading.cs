using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    [Fact]
    public async Task Rows_come_in_several_batches_of_bounded_size()
    {
        var database = await NewAsync(ItemTable(), Make.FillIdAndText("item", 50_000));
        var side = await OpenAsync(database);
        await using var snapshot = await side.SnapshotAsync();
        int batches = 0, rows = 0;
        await foreach (var batch in snapshot.ReadAsync(new RowQuery(snapshot.Table("item")), Token))
        {
            Assert.InRange(batch.Count, 1, 50_000);
            Assert.InRange(batch.Length, 1, 1 << 20);
            batches++;
            rows += batch.Count;
            batch.Dispose();
        }

        Assert.Equal(50_000, rows);
        Assert.True(batches > 1);
        Assert.Equal(50_000, await snapshot.CountAsync(snapshot.Table("item"), Token));
    }

    [Fact]
    public async Task An_empty_table_gives_no_rows_and_counts_zero()
    {
        var side = await OpenAsync(await NewAsync(ItemTable()));
        await using var snapshot = await side.SnapshotAsync();
        Assert.Empty(await snapshot.ReadAllAsync(snapshot.Table("item"), ordered: true));
        Assert.Equal(0, await snapshot.CountAsync(snapshot.Table("item"), Token));
        Assert.Empty(await snapshot.ReadByKeyAsync(snapshot.Table("item"), Rows.Keys(1), Token).ToListAsync());
    }

    [Fact]
    public async Task Integer_keys_come_in_order_over_the_whole_range()
        => await OrderIsKeptAsync(T(LogicalKind.Integer), [0L, 1L, -1L, 2L, 10L, 9L, -10L, 256L, 65536L, long.MaxValue, long.MinValue, long.MaxValue - 1], mustBeOrderable: true);

    [Fact]
    public async Task Text_keys_come_in_the_order_that_the_driver_names()
    {
        string[] keys =
        [
            "", " ", "a", "A", "b", "B", "a ", "a b", "ab", "aB", "é", "e\u0301", "ß", "ss", "z", "Z", "_", "-", "\uFFFD", "\uE000", "😀", "\U0010FFFF", "10", "9", "ä", "\u0001",
        ];
        await OrderIsKeptAsync(Make.KeyText, [.. keys.Where(k => Make.BlankAtTheEndCounts || !k.EndsWith(' '))], mustBeOrderable: Make.TextKeysAreOrderable);
    }

    [Fact]
    public async Task Text_keys_of_a_loose_collation_come_in_order_or_name_none()
    {
        Assert.SkipWhen(Make.Provider == SideProvider.SqlServer && Make.LooseText.Length == 0, "No loose collation.");
        await OrderIsKeptAsync(Make.LooseText, ["", "b", "A", "a b", "ab", "Z", "_", "é", "😀"], mustBeOrderable: false, Make.LooseTextSetup);
    }

    [Fact]
    public async Task Guid_keys_come_in_the_order_that_the_driver_names()
    {
        var random = new Random(20261122);
        var bytes = new byte[16];
        var guids = Enumerable.Range(0, 40).Select(_ =>
        {
            random.NextBytes(bytes);
            return (object)new Guid(bytes, bigEndian: true);
        });
        await OrderIsKeptAsync(T(LogicalKind.Guid), [.. guids, Guid.Empty, new Guid("ffffffff-ffff-ffff-ffff-ffffffffffff")], mustBeOrderable: false);
    }

    [Fact]
    public async Task Decimal_keys_come_in_the_order_that_the_driver_names()
    {
        string[] keys = ["0.5", "10", "9", "-1", "-10", "2.25", "100000000000000000000", "99999999999999999999"];

        // A SQL Server column has one scale for all of its values.
        await OrderIsKeptAsync(T(LogicalKind.Decimal), Make.Provider == SideProvider.SqlServer ? Make.Decimals : keys, mustBeOrderable: false, asDecimal: true);
    }

    [Fact]
    public async Task Binary_keys_come_in_the_order_that_the_driver_names()
    {
        Assert.SkipWhen(Make.Provider == SideProvider.SqlServer, "varbinary(max) cannot be a key.");
        await OrderIsKeptAsync(T(LogicalKind.Binary), [new byte[] { 0 }, new byte[] { 0, 0 }, new byte[] { 0xFF }, new byte[] { 0x7F, 1 }, new byte[] { 0x80 }], mustBeOrderable: false);
    }

    [Fact]
    public async Task Date_keys_come_in_the_order_that_the_driver_names()
        => await OrderIsKeptAsync(T(LogicalKind.Date), [new DateOnly(2026, 11, 22), new DateOnly(1970, 1, 1), new DateOnly(1969, 12, 31), new DateOnly(1, 1, 1), new DateOnly(9999, 12, 31)], mustBeOrderable: false);

    [Fact]
    public async Task Instant_keys_come_in_the_order_that_the_driver_names()
        => await OrderIsKeptAsync(
            T(LogicalKind.DateTime),
            [new DateTime(2026, 11, 22, 1, 2, 3), new DateTime(2026, 11, 22), new DateTime(1969, 12, 31, 23, 59, 59, 999), new DateTime(1970, 1, 1, 0, 0, 0, 1), new DateTime(9999, 12, 31, 23, 59, 59)],
            mustBeOrderable: false);

    [Fact]
    public async Task Composite_keys_come_in_the_order_of_the_key_not_of_the_columns()
    {
        var database = await NewAsync($"CREATE TABLE item (a {T(LogicalKind.Integer)} NOT NULL, b {Make.KeyText} NOT NULL, v {T(LogicalKind.Text)}, PRIMARY KEY (b, a))");
        var side = await OpenAsync(database);
        var random = new Random(7);
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("item");
        var batch = new RowBatch();
        var last = Make.BlankAtTheEndCounts ? "x " : "z";
        for (var a = 0; a < 40; a++)
        {
            foreach (var b in new[] { "x", "X", last, "", "é", "y" }.OrderBy(_ => random.Next()))
                Rows.Append(batch, table, ("a", (a * 7919) % 41), ("b", b), ("v", "v"));
        }

        await transaction.InsertAsync(table, Rows.Stream(batch), Token);
        var found = await transaction.ReadByKeyAsync(table, Rows.Key(last, 7919 % 41), Token).ToListAsync();
        Assert.Equal([$"Integer 6 | Text '{last}' | Text 'v'"], Rows.ShowSorted(found));
        Assert.Equal(Make.TextKeysAreOrderable, table.KeyIsOrderable);
        if (table.KeyIsOrderable)
            await AssertOrderedAsync(transaction, table, 240);
    }

    [Fact]
    public async Task Reading_by_key_finds_exactly_what_is_there_also_for_thousands_of_keys()
    {
        var database = await NewAsync(ItemTable(), Make.FillIdAndText("item", 6_000));
        var side = await OpenAsync(database);
        await using var snapshot = await side.SnapshotAsync();
        var table = snapshot.Table("item");
        var keys = new RowBatch();
        for (var i = -500L; i < 12_000; i += 2)
        {
            Rows.Write(keys, i);
            keys.EndRow();
        }

        var found = await snapshot.ReadByKeyAsync(table, keys, Token).ToListAsync();
        Assert.Equal(3_000, found.Count);
        Assert.Equal(3_000, found.Select(r => Rows.Show(Rows.KeyOf(table, r))).Distinct().Count());
        Assert.Empty(await snapshot.ReadByKeyAsync(table, new RowBatch(), Token).ToListAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task Split_ranges_cover_every_row_exactly_once(int parts)
    {
        var database = await NewAsync(
            ItemTable(), Make.FillIdAndText("item", 1_000),
            ItemTable("one"), Item(5, "x", "one"),
            ItemTable("none"),
            ItemTable("sparse"), Item(long.MinValue, "min", "sparse"), Item(-3, "x", "sparse"), Item(0, "zero", "sparse"), Item(long.MaxValue, "max", "sparse"),
            $"CREATE TABLE keyless (v {T(LogicalKind.Integer)})", "INSERT INTO keyless VALUES (1)", "INSERT INTO keyless VALUES (1)",
            $"CREATE TABLE texts (k {Make.KeyText} NOT NULL PRIMARY KEY)", "INSERT INTO texts VALUES ('a')", "INSERT INTO texts VALUES ('b')",
            $"CREATE TABLE pairs (a {T(LogicalKind.Integer)} NOT NULL, b {T(LogicalKind.Integer)} NOT NULL, PRIMARY KEY (b, a))",
            "INSERT INTO pairs VALUES (1, 1)", "INSERT INTO pairs VALUES (2, 1)", "INSERT INTO pairs VALUES (1, 2)", "INSERT INTO pairs VALUES (9, -2)");
        var side = await OpenAsync(database);
        await using var snapshot = await side.SnapshotAsync();
        foreach (var table in snapshot.Catalog.Tables)
        {
            var ranges = await snapshot.SplitAsync(table, parts, Token);
            Assert.InRange(ranges.Count, 1, parts);
            foreach (var ordered in new[] { false, true }.Where(o => !o || table.KeyIsOrderable))
            {
                var rows = new List<byte[]>();
                foreach (var range in ranges)
                    rows.AddRange(await snapshot.ReadAsync(new RowQuery(table, ordered, range), Token).ToListAsync());
                Assert.Equal(Rows.ShowSorted(await snapshot.ReadAllAsync(table)), Rows.ShowSorted(rows));
            }
        }

        if (parts > 1)
            Assert.True((await snapshot.SplitAsync(snapshot.Table("item"), parts, Token)).Count > 1);
    }

    [Fact]
    public async Task Duplicates_of_a_table_without_a_key_all_come()
    {
        var database = await NewAsync(
            $"CREATE TABLE loose (a {T(LogicalKind.Integer)}, b {T(LogicalKind.Text)})",
            "INSERT INTO loose VALUES (1, 'x')", "INSERT INTO loose VALUES (1, 'x')", "INSERT INTO loose VALUES (NULL, NULL)", "INSERT INTO loose VALUES (NULL, NULL)");
        var side = await OpenAsync(database);
        Assert.Equal(["Integer 1 | Text 'x'", "Integer 1 | Text 'x'", "Null  | Null ", "Null  | Null "], await side.ShowAllAsync("loose"));
    }

    private async Task OrderIsKeptAsync(string declared, object[] keys, bool mustBeOrderable, string[]? setup = null, bool asDecimal = false)
    {
        var database = await NewAsync([.. setup ?? [], $"CREATE TABLE ordered (k {declared} NOT NULL PRIMARY KEY)"]);
        var side = await OpenAsync(database);
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("ordered");
        var batch = new RowBatch();
        foreach (var key in keys)
            Rows.Append(batch, table, ("k", asDecimal ? Raw.Decimal((string)key) : key));
        await transaction.InsertAsync(table, Rows.Stream(batch), Token);
        if (mustBeOrderable)
            Assert.True(table.KeyIsOrderable);
        Assert.SkipUnless(table.KeyIsOrderable, $"{Make.Provider} names no order for {declared}; rows pair by hash.");
        await AssertOrderedAsync(transaction, table, keys.Length);
    }

    private static async Task AssertOrderedAsync(IRowReader reader, TableSchema table, int count)
    {
        var rows = await reader.ReadAllAsync(table, ordered: true);
        Assert.Equal(count, rows.Count);
        var orders = Rows.KeyOrders(table);
        for (var i = 1; i < rows.Count; i++)
        {
            byte[] before = Rows.KeyOf(table, rows[i - 1]), after = Rows.KeyOf(table, rows[i]);
            Assert.True(CanonicalOrder.Compare(before, after, orders) < 0, $"{Rows.Show(before)} came before {Rows.Show(after)} under {string.Join(", ", orders)}.");
        }
    }
}
