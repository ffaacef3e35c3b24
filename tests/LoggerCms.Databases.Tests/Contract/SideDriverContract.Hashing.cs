using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

/// <summary>Where a database hashes its rows by itself, that must say exactly what a comparison row by row says.</summary>
public abstract partial class SideDriverContract
{
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Hashes_tell_every_value_of_a_kind_from_every_other(LogicalKind kind)
    {
        string[] schema = [$"CREATE TABLE item (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(kind)})"];
        var (a, b) = (await OpenHashingAsync(await NewAsync(schema)), await OpenHashingAsync(await NewAsync(schema)));
        object?[] must = [null, .. kind == LogicalKind.Decimal ? Make.Decimals.Select(d => (object?)Raw.Decimal(d)) : ValueCases.MustHold(kind)];
        object?[] values = [.. must, .. await AcceptedAsync(a, ValueCases.HoldOrRefuse(kind).Where(v => Make.CanArrive(kind, v)))];

        // Every value against every other: row i·n+j has value i on one side and j on the other.
        foreach (var (side, pick) in new[] { (a, (Func<int, int>)(i => i / values.Length)), (b, i => i % values.Length) })
        {
            await using var transaction = await side.BeginAsync();
            var table = transaction.Table("item");
            var rows = new RowBatch();
            for (var i = 0; i < values.Length * values.Length; i++)
                Rows.Append(rows, table, ("id", (long)i), ("v", values[pick(i)]));
            await transaction.InsertAsync(table, Rows.Stream(rows), Token);
            await transaction.CommitAsync();
        }

        var answer = (await AgreeAsync(a, b))["item"];
        Assert.True(answer.Hashed);
        Assert.Equal(values.Length * values.Length, answer.Comparison.RowsEqual + answer.Comparison.RowsDifferent);
        Assert.InRange(answer.Comparison.RowsDifferent, must.Length * (must.Length - 1), values.Length * (values.Length - 1));
    }

    [Fact]
    public async Task Hashes_tell_what_the_database_stored_itself_apart()
    {
        var types = Make.StoredCases.GroupBy(c => c.Declared).Select(g => (Declared: g.Key, Literals: g.Select(c => c.Literal).Append("NULL").ToArray())).ToArray();
        string[] Fill(Func<int, int, int> pick) => [.. Make.StoredCasesSetup, .. types.SelectMany((t, n) => Enumerable.Range(0, t.Literals.Length * t.Literals.Length)
            .Select(i => $"INSERT INTO t{n} (id, v) VALUES ({i}, {t.Literals[pick(i, t.Literals.Length)]})")
            .Prepend($"CREATE TABLE t{n} (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {t.Declared})"))];
        var a = await OpenHashingAsync(await NewAsync(Fill((i, count) => i / count)));
        var b = await OpenHashingAsync(await NewAsync(Fill((i, count) => i % count)));
        var answers = await AgreeAsync(a, b);
        for (var n = 0; n < types.Length; n++)
        {
            var (count, answer) = (types[n].Literals.Length, answers[$"t{n}"]);
            Assert.True(answer.Hashed, types[n].Declared);
            Assert.True(answer.Comparison.RowsEqual >= count, $"{types[n].Declared}: the same literals differ: {string.Join(Environment.NewLine, answer.Differences)}");
            Assert.True(answer.Comparison.RowsDifferent >= 2 * (count - 1), $"{types[n].Declared}: NULL is the same as a value");
        }
    }

    [Fact]
    public async Task Hashes_tell_values_that_look_alike_apart()
    {
        string[] looks = ["''", "NULL", "' '", "'a'", "'a '", "'A'", Make.Text("é"), Make.Text("e\u0301"), Make.Text("\u00A0"), "'NULL'", "'0'", "'0.0'"];
        string[] Fill(Func<int, int> pick) =>
            [ItemTable(), .. Enumerable.Range(0, looks.Length * looks.Length).Select(i => $"INSERT INTO item (id, v) VALUES ({i}, {looks[pick(i)]})")];
        var a = await OpenHashingAsync(await NewAsync(Fill(i => i / looks.Length)));
        var b = await OpenHashingAsync(await NewAsync(Fill(i => i % looks.Length)));
        var answer = (await AgreeAsync(a, b))["item"];
        Assert.Equal((looks.Length, looks.Length * (looks.Length - 1)), (answer.Comparison.RowsEqual, answer.Comparison.RowsDifferent));
    }

    [Fact]
    public async Task Hashes_do_not_mind_how_the_columns_of_a_table_came_to_be()
    {
        var (id, text) = (T(LogicalKind.Integer), T(LogicalKind.Text));
        var a = await NewAsync(
            $"CREATE TABLE item (id {id} NOT NULL PRIMARY KEY, v {id}, {Make.GeneratedTwiceV("twice")}, w {text}, {Q("x \"é\" 😀'")} {text})",
            $"INSERT INTO item (id, v, w, {Q("x \"é\" 😀'")}) VALUES (1, 5, 'w', 'x')", $"INSERT INTO item (id, v, w, {Q("x \"é\" 😀'")}) VALUES (2, 5, 'w', 'x')");
        var b = await NewAsync(
            $"CREATE TABLE item ({Q("x \"é\" 😀'")} {text}, gone {id}, w {text}, v {id}, {Make.GeneratedTwiceV("twice")}, id {id} NOT NULL PRIMARY KEY)",
            $"INSERT INTO item (id, gone, v, w, {Q("x \"é\" 😀'")}) VALUES (2, 1, 5, 'w', 'X')", $"INSERT INTO item (id, gone, v, w, {Q("x \"é\" 😀'")}) VALUES (1, 2, 5, 'w', 'x')",
            "ALTER TABLE item DROP COLUMN gone");
        var answer = (await AgreeAsync(await OpenHashingAsync(a), await OpenHashingAsync(b)))["item"];
        Assert.Equal((true, 1, 1), (answer.Hashed, answer.Comparison.RowsEqual, answer.Comparison.RowsDifferent));
    }

    [Fact]
    public async Task Hashes_of_rows_without_a_key_are_counted_as_often_as_the_rows_stand()
    {
        string[] Fill(params (string Value, int Times)[] rows) =>
            [$"CREATE TABLE bag (v {T(LogicalKind.Text)}, w {T(LogicalKind.Integer)})", .. rows.SelectMany(r => Enumerable.Repeat($"INSERT INTO bag (v, w) VALUES ({r.Value}, 1)", r.Times))];
        var a = await OpenHashingAsync(await NewAsync(Fill(("'twin'", 5), ("'one'", 1), ("NULL", 3), ("'equal'", 4))));
        var b = await OpenHashingAsync(await NewAsync(Fill(("'equal'", 4), ("'twin'", 2), ("NULL", 7), ("''", 2))));
        var answer = (await AgreeAsync(a, b))["bag"];
        Assert.Equal((true, 9, 4, 6), (answer.Hashed, answer.Comparison.RowsEqual, answer.Comparison.RowsOnlyInSource, answer.Comparison.RowsOnlyInDestination));
    }

    [Fact]
    public async Task Hashes_leave_out_what_a_profile_leaves_out()
    {
        string[] Fill(string host, params (int Id, string Value)[] rows) =>
            [$"CREATE TABLE item (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(LogicalKind.Text)}, host {T(LogicalKind.Text)})", .. rows.Select(r => $"INSERT INTO item (id, v, host) VALUES ({r.Id}, '{r.Value}', '{host} {r.Id}')")];
        var profile = new SideProfile(
            [], new Dictionary<string, IReadOnlyList<string>> { ["item"] = ["host"] }, new Dictionary<string, string> { ["item"] = "id > 0 OR v = 'in'" });
        var a = await OpenHashingAsync(await NewAsync(Fill("a", (1, "one"), (2, "two"), (-1, "left out"), (-2, "in"), (-3, "only here, left out"))));
        var b = await OpenHashingAsync(await NewAsync(Fill("b", (-2, "in"), (2, "zwei"), (1, "one"), (-1, "left out and other"))));
        var answer = (await AgreeAsync(a, b, profile))["item"];
        Assert.Equal((true, 2, 1, 0), (answer.Hashed, answer.Comparison.RowsEqual, answer.Comparison.RowsDifferent, answer.Comparison.RowsOnlyInSource));
    }

    [Fact]
    public async Task Hashes_of_an_empty_table_equal_those_of_another_and_of_none()
    {
        var (a, b) = (await OpenHashingAsync(await NewAsync(ItemTable())), await OpenHashingAsync(await NewAsync(ItemTable())));
        Assert.True((await AgreeAsync(a, b))["item"].Comparison.Equal);
        var filled = await OpenHashingAsync(await NewAsync(ItemTable(), Make.FillIdAndText("item", 3)));
        Assert.Equal(3, (await AgreeAsync(a, filled))["item"].Comparison.RowsOnlyInDestination);
        Assert.Equal(3, (await AgreeAsync(filled, a))["item"].Comparison.RowsOnlyInSource);
    }

    [Fact]
    public async Task Hashes_cover_large_values_to_the_last_byte()
    {
        string[] Fill(string last) =>
        [
            $"CREATE TABLE large (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(LogicalKind.Binary)})",
            $"INSERT INTO large (id, v) SELECT 1, {Make.LargeBinary(100)}", $"INSERT INTO large (id, v) SELECT 2, {Make.LargeBinary(4)} || {Make.Binary("00")}", $"INSERT INTO large (id, v) SELECT 3, {Make.LargeBinary(4)} || {Make.Binary(last)}",
        ];
        Assert.SkipUnless(Make.Provider == SideProvider.PostgreSql, $"{Make.Provider} writes these literals otherwise, and does not hash rows itself.");
        var a = await OpenHashingAsync(await NewAsync(Fill("01")));
        var b = await OpenHashingAsync(await NewAsync(Fill("02")));
        var answer = (await AgreeAsync(a, b))["large"];
        Assert.Equal((true, 2, 1), (answer.Hashed, answer.Comparison.RowsEqual, answer.Comparison.RowsDifferent));
    }

    [Fact]
    public async Task Rows_at_places_come_in_batches_of_bounded_size()
    {
        var database = await NewAsync($"CREATE TABLE large (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(LogicalKind.Binary)})");
        var side = await OpenHashingAsync(database);
        for (var i = 0; i < 40; i++)
            await database.ExecuteAsync($"INSERT INTO large (id, v) SELECT {i}, {Make.LargeBinary(1)}");
        await using var snapshot = await side.SnapshotAsync();
        var (hasher, table) = ((IRowHasher)snapshot, snapshot.Table("large"));
        var places = await PlacesAsync(hasher, table);
        Assert.Equal(40, places.Count);
        int rows = 0, largest = 0;
        await foreach (var batch in hasher.ReadAtAsync(table, places, Token))
        {
            rows += batch.Count;
            largest = Math.Max(largest, batch.Length);
            batch.Dispose();
        }

        Assert.Equal(40, rows);

        // A batch may be one row too large, but not all rows at once: 2,000 rows of 1.1 MB are more than a batch can hold at all.
        Assert.InRange(largest, 1, 8_000_000);
    }

    [Fact]
    public async Task The_bytes_that_hashing_tells_of_are_not_more_than_the_table_has()
    {
        var database = await NewAsync(ItemTable(), Make.FillIdAndText("item", 3));
        await using var snapshot = await (await OpenHashingAsync(database)).SnapshotAsync();
        var (hasher, table) = ((IRowHasher)snapshot, snapshot.Table("item"));
        long bytes = 0;
        foreach (var range in await hasher.CutPlacesAsync(table, Token))
        {
            using var hashes = await hasher.HashAsync(table, range, Token);
            bytes += hashes.BytesRead;
        }

        Assert.InRange(bytes, 1, 100_000);
    }

    /// <summary>Opens a side of a database that hashes rows by itself; skips where the make does not.</summary>
    protected async Task<ISide> OpenHashingAsync(TestDatabase database)
    {
        var side = await OpenAsync(database);
        await using var snapshot = await side.SnapshotAsync();
        Assert.SkipUnless(snapshot is IRowHasher, $"{Make.Provider} does not hash rows by itself.");
        return side;
    }

    private protected static async Task<Dictionary<string, Hashing.Answer>> AgreeAsync(ISide source, ISide destination, SideProfile? profile = null)
    {
        var options = new SnapshotOptions { Readers = 2, AllowBlockingRead = true };
        options = profile is null ? options : options with { Profile = profile };
        await using var ours = await source.BeginSnapshotAsync(options, Token);
        await using var theirs = await destination.BeginSnapshotAsync(options, Token);
        return await Hashing.AgreeAsync(ours, theirs);
    }

    protected static async Task<List<long>> PlacesAsync(IRowHasher hasher, TableSchema table)
    {
        var places = new List<long>();
        foreach (var range in await hasher.CutPlacesAsync(table, Token))
        {
            using var hashes = await hasher.HashAsync(table, range, Token);
            for (var i = 0; i < hashes.Rows; i++)
                places.Add(BitConverter.ToInt64(hashes[i][RowKeys.HashSize..]));
        }

        return places;
    }

    /// <summary>Those of the values that the column <c>item.v</c> takes.</summary>
    private static async Task<List<object>> AcceptedAsync(ISide side, IEnumerable<object> values)
    {
        var accepted = new List<object>();
        foreach (var value in values)
        {
            await using var transaction = await side.BeginAsync();
            try
            {
                await transaction.InsertAsync("item", ("id", 1L), ("v", value));
                accepted.Add(value);
            }
            catch (LoggerCmsException refusal) when (refusal.Code == ErrorCodes.ValueNotRepresentable)
            {
                // What the column refuses cannot be hashed either.
            }
        }

        return accepted;
    }
}
