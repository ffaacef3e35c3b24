namespace LoggerCms.Transfer.Tests;

/// <summary>Side-local columns between two databases of a server. (<see cref="UndoTests"/> has the same for SQLite.)</summary>
/// <param name="make">Which make.</param>
/// <param name="table">Table t: an identity id, a column "A own" that the make can carry in its own form only, a number v, a double z_own with the default 7.</param>
public abstract class SideLocalColumnTests(SideProvider make, string table)
{
    [Theory]
    [InlineData(StateTransferMode.Rows)]
    [InlineData(StateTransferMode.Full)]
    public async Task An_undo_brings_back_the_side_local_columns_of_rows_that_were_deleted(StateTransferMode mode)
    {
        await using var sides = await TwoSides.CreateAsync(make, table);
        await sides.RunAsync(sides.A, Insert("(1, '<s/>', 2, 1), (2, '<s/>', 2, 1)"));
        await sides.RunAsync(sides.B, Insert("(1, '<d/>', 1, 2), (3, '<only here=\"yes\"/>', 3.10, 0.1), (4, NULL, NULL, -2.5e-300)"));
        using var profile = new TemporaryProfile("""{"columns":{"t":["A own","z_own"]}}""");
        var before = await sides.DumpAsync(sides.B, "t");

        var result = await sides.TransferAsync(mode: mode, profile: profile.Path);

        Assert.Equal((StateTransferStatus.Completed, 2L), (result.Status, result.RowsDeleted));
        Assert.DoesNotContain(result.Notes, n => n.Contains("own", StringComparison.Ordinal));
        var after = await sides.DumpAsync(sides.B, "t");
        await sides.RunAsync(sides.A, "UPDATE t SET z_own = CASE id WHEN 1 THEN 2 ELSE 7 END", $"UPDATE t SET {OwnAsOnB}");
        Assert.Equal(await sides.DumpAsync(sides.A, "t"), after);

        // The undo goes by what the profile said then.
        profile.Dispose();
        var undone = await sides.UndoAsync(result.Id);
        Assert.Equal(before, await sides.DumpAsync(sides.B, "t"));
        await sides.UndoAsync(undone.Id);
        Assert.Equal(after, await sides.DumpAsync(sides.B, "t"));
    }

    /// <summary>Sets "A own" to what the update of row 1 kept and what row 2 got by default.</summary>
    protected abstract string OwnAsOnB { get; }

    /// <summary>Inserts rows with ids of their own.</summary>
    protected abstract string Insert(string rows);
}

public sealed class PostgreSqlSideLocalColumnTests() : SideLocalColumnTests(
    SideProvider.PostgreSql, "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"A own\" xml DEFAULT '<none/>', v numeric, z_own float8 NOT NULL DEFAULT 7)")
{
    protected override string OwnAsOnB => "\"A own\" = (CASE id WHEN 1 THEN '<d/>' ELSE '<none/>' END)::xml";

    protected override string Insert(string rows) => "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES " + rows;
}

public sealed class SqlServerSideLocalColumnTests() : SideLocalColumnTests(
    SideProvider.SqlServer, "CREATE TABLE t (id int IDENTITY(1, 1) PRIMARY KEY, [A own] xml DEFAULT '<none/>', v decimal(9, 2), z_own float(53) NOT NULL DEFAULT 7, c AS v * 2)")
{
    protected override string OwnAsOnB => "[A own] = CAST(CASE id WHEN 1 THEN '<d/>' ELSE '<none/>' END AS xml)";

    [Fact]
    public async Task A_side_local_column_that_cannot_be_read_exactly_is_said_to_be_lost_with_its_row()
    {
        await using var sides = await TwoSides.CreateAsync(SideProvider.SqlServer, "CREATE TABLE t (id int PRIMARY KEY, v int, own sql_variant, note nvarchar(20))");
        await sides.RunAsync(sides.A, "INSERT INTO t (id, v) VALUES (1, 2)");
        await sides.RunAsync(sides.B, "INSERT INTO t VALUES (1, 1, 7, N'one'), (3, 3, 7, N'three')");
        using var profile = new TemporaryProfile("""{"columns":{"t":["own","note"]}}""");

        var result = await sides.TransferAsync(profile: profile.Path);

        Assert.Equal((StateTransferStatus.Completed, 1L), (result.Status, result.RowsDeleted));
        Assert.Contains(result.Notes, n => n.Contains("table t", StringComparison.Ordinal) && n.Contains("own", StringComparison.Ordinal));
        await sides.UndoAsync(result.Id);
        Assert.Equal("(SELECT id, v, note FROM t) t 1|1|one\n(SELECT id, v, note FROM t) t 3|3|NULL", await sides.DumpAsync(sides.B, "(SELECT id, v, note FROM t) t"));
    }

    protected override string Insert(string rows) => $"SET IDENTITY_INSERT t ON; INSERT INTO t (id, [A own], v, z_own) VALUES {rows}; SET IDENTITY_INSERT t OFF";
}
