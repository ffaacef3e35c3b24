using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.Contract;

public abstract partial class SideDriverContract
{
    public static TheoryData<LogicalKind> Kinds => [.. Enum.GetValues<LogicalKind>().Where(k => k is not (LogicalKind.Any or LogicalKind.Native))];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Values_are_kept_exactly(LogicalKind kind)
    {
        object?[] values = [null, .. kind == LogicalKind.Decimal ? Make.Decimals.Select(d => (object?)Raw.Decimal(d)) : ValueCases.MustHold(kind).AsEnumerable<object?>()];
        var database = await NewAsync($"CREATE TABLE item (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(kind)})");
        var side = await OpenAsync(database);
        List<string> wanted;
        await using (var transaction = await side.BeginAsync())
        {
            var table = transaction.Table("item");
            var batch = new RowBatch();
            for (var i = 0; i < values.Length; i++)
                Rows.Append(batch, table, ("id", (long)i), ("v", values[i]));
            wanted = Rows.ShowSorted(Enumerable.Range(0, batch.Count).Select(i => batch[i].ToArray()));
            await transaction.InsertAsync(table, Rows.Stream(batch), Token);
            Assert.Equal(wanted, await transaction.ShowAllAsync("item"));
            await transaction.CommitAsync();
        }

        Assert.Equal(wanted, await side.ShowAllAsync("item"));
        Assert.Equal(values.Length, wanted.Select(w => w[w.IndexOf('|', StringComparison.Ordinal)..]).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Values_are_kept_exactly_by_an_update_too(LogicalKind kind)
    {
        object?[] values = [.. kind == LogicalKind.Decimal ? Make.Decimals.Select(d => (object?)Raw.Decimal(d)) : ValueCases.MustHold(kind).AsEnumerable<object?>(), null];
        var database = await NewAsync($"CREATE TABLE item (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(kind)})");
        var side = await OpenAsync(database);
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("item");
        RowBatch before = new(), after = new();
        for (var i = 0; i < values.Length; i++)
        {
            Rows.Append(before, table, ("id", (long)i), ("v", values[i]));
            Rows.Append(after, table, ("id", (long)i), ("v", values[(i + 1) % values.Length]));
        }

        var wanted = Rows.ShowSorted(Enumerable.Range(0, after.Count).Select(i => after[i].ToArray()));
        await transaction.InsertAsync(table, Rows.Stream(before), Token);
        Assert.Equal(values.Length, await transaction.UpdateAsync(table, after, Token));
        Assert.Equal(wanted, await transaction.ShowAllAsync("item"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_value_is_written_exactly_or_refused_never_changed(LogicalKind kind)
    {
        var database = await NewAsync($"CREATE TABLE item (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(kind)})");
        var side = await OpenAsync(database);
        var faults = new List<string>();
        foreach (var value in ValueCases.HoldOrRefuse(kind).Where(v => Make.CanArrive(kind, v)))
        {
            await using var transaction = await side.BeginAsync();
            var table = transaction.Table("item");
            using var row = Rows.Of(table, ("id", 1L), ("v", value));
            var wanted = Rows.Show(row[0]);
            var wide = table with { Columns = [.. table.Columns.Select(c => c with { DeclaredType = "wide" })] };
            if (side.GetValueFit(wide, table)?.Check(row[0]) is not null)
                continue;
            try
            {
                await transaction.InsertAsync(table, Rows.Stream(Rows.Of(table, ("id", 1L), ("v", value))), Token);
                var got = Assert.Single(await transaction.ShowAllAsync("item"));
                if (got != wanted)
                    faults.Add($"{wanted} became {got}, and the fit had no objection");
            }
            catch (LoggerCmsException refusal) when (refusal.Code == ErrorCodes.ValueNotRepresentable)
            {
                // Refusing is right, also where the fit left it to the insert.
            }
            catch (Exception fault)
            {
                faults.Add($"{wanted} gave {fault.GetType().Name} {(fault as LoggerCmsException)?.Code}: {fault.Message}");
            }
        }

        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }

    [Fact]
    public async Task What_the_database_stored_itself_survives_being_read_cleared_and_written()
    {
        var types = Make.StoredCases.GroupBy(c => c.Declared).Select(g => (Declared: g.Key, Cases: g.ToArray())).ToArray();
        var database = await NewAsync([.. Make.StoredCasesSetup, .. types.SelectMany((t, n) => t.Cases
            .Select((c, id) => $"INSERT INTO t{n} (id, v) VALUES ({id}, {c.Literal})")
            .Prepend($"CREATE TABLE t{n} (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {t.Declared})")
            .Append($"INSERT INTO t{n} (id, v) VALUES (-1, NULL)"))]);
        var side = await OpenAsync(database);
        var faults = new List<string>();
        for (var n = 0; n < types.Length; n++)
        {
            var (declared, cases) = types[n];
            try
            {
                var before = await database.DumpAsync($"t{n}");
                await using var transaction = await side.BeginAsync($"t{n}");
                var table = transaction.Table($"t{n}");
                var rows = await transaction.ReadAllAsync(table);
                var shown = Rows.ShowSorted(rows);
                faults.AddRange(cases
                    .Select((c, id) => (c.Literal, Row: $"Integer {id} | {c.Expected}", Known: c.Expected is not null))
                    .Where(c => c.Known && !shown.Contains(c.Row))
                    .Select(c => $"{declared} {c.Literal}: expected {c.Row}, read {string.Join(", ", shown)}"));
                Assert.Equal(cases.Length + 1, await transaction.ClearAsync(table, Token));
                await transaction.InsertAsync(table, Rows.Stream(Rows.Batch(rows)), Token);
                faults.AddRange(shown.Except(await transaction.ShowAllAsync($"t{n}")).Select(r => $"{declared}: {r} did not come back"));
                await transaction.CommitAsync();
                faults.AddRange(before.Except(await database.DumpAsync($"t{n}")).Select(r => $"{declared}: stored {r} was changed"));
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                faults.Add($"{declared}: {fault.GetType().Name} {(fault as LoggerCmsException)?.Code}: {fault.Message}");
            }
        }

        Assert.True(faults.Count == 0, string.Join(Environment.NewLine, faults));
    }

    [Fact]
    public async Task Values_that_look_alike_are_read_as_different()
    {
        var database = await NewAsync(
            ItemTable(),
            Item(1, ""), "INSERT INTO item (id, v) VALUES (2, NULL)", Item(3, " "), Item(4, "a"), Item(5, "a "), Item(6, "A"), Item(7, "é"), Item(8, "e\u0301"), Item(9, "\u00A0"), Item(10, "NULL"));
        var shown = await (await OpenAsync(database)).ShowAllAsync("item");
        Assert.Equal(10, shown.Select(s => s[s.IndexOf('|', StringComparison.Ordinal)..]).Distinct().Count());
    }

    [Fact]
    public async Task A_value_of_100_MB_goes_through_unchanged()
    {
        var database = await NewAsync(
            $"CREATE TABLE large (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(LogicalKind.Binary)})",
            $"INSERT INTO large (id, v) SELECT 1, {Make.LargeBinary(100)}");
        var target = await NewAsync($"CREATE TABLE large (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(LogicalKind.Binary)})");
        var from = await OpenAsync(database);
        var to = await OpenAsync(target);
        await using var snapshot = await from.SnapshotAsync();
        await using (var transaction = await to.BeginAsync())
        {
            await transaction.InsertAsync(transaction.Table("large"), snapshot.ReadAsync(new RowQuery(snapshot.Table("large")), Token), Token);
            await transaction.CommitAsync();
        }

        var shown = await snapshot.ShowAllAsync("large");
        Assert.StartsWith("Integer 1 | Binary 100000000 bytes", Assert.Single(shown), StringComparison.Ordinal);
        Assert.Equal(shown, await to.ShowAllAsync("large"));
    }

    [Fact]
    public async Task A_table_with_many_columns_goes_through()
    {
        var columns = Enumerable.Range(0, 300).Select(i => $"c{i:000}").ToArray();
        var database = await NewAsync($"CREATE TABLE wide (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, {string.Join(", ", columns.Select(c => $"{c} {T(LogicalKind.Integer)}"))})");
        var side = await OpenAsync(database);
        await using var transaction = await side.BeginAsync();
        var table = transaction.Table("wide");
        var batch = new RowBatch();
        for (var i = 0; i < 50; i++)
            Rows.Append(batch, table, [("id", (long)i), .. columns.Select((c, j) => (c, (object?)(long)(i * j)))]);
        var wanted = Rows.ShowSorted(Enumerable.Range(0, 50).Select(i => batch[i].ToArray()));
        await transaction.InsertAsync(table, Rows.Stream(batch), Token);
        Assert.Equal(wanted, await transaction.ShowAllAsync("wide"));
        Assert.Equal(50, await transaction.UpdateAsync(table, Rows.Batch(await transaction.ReadAllAsync(table)), Token));
    }
}
