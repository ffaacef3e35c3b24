namespace LoggerCms.Transfer.Tests;

/// <summary>
/// Where SQLite copies a table with its indexes as they are, a damaged index of the source does not come to the destination.
/// </summary>
public sealed class DamagedIndexTests
{
    private static readonly string[] Schema = ["CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT)", "CREATE UNIQUE INDEX ix ON t (code)"];

    [Fact]
    public async Task An_index_that_lacks_a_row_is_told_of_and_rows_that_go_through_a_spool_get_a_new_one()
    {
        using var arena = new Arena(Schema);
        arena.Source.Run("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO t SELECT i, 'c' || i FROM n");
        arena.Destination.Run("INSERT INTO t SELECT 1, 'old'");
        Declare(arena, "CREATE UNIQUE INDEX ix ON t(code) WHERE id < 100");
        arena.Source.Run("INSERT INTO t VALUES (300, 'c300')");
        Declare(arena, "CREATE UNIQUE INDEX ix ON t(code)");
        var before = arena.Destination.Dump();

        var failure = await arena.FailsAsync(ErrorCodes.DatabaseDamaged, arena.With(StateTransferMode.Full, SpoolMode.None));

        Assert.Contains(arena.Source.Path, failure.Message, StringComparison.Ordinal);
        Assert.Contains("ix", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, arena.Destination.Dump());
        Assert.True((await arena.TransferAsync(arena.With(StateTransferMode.Full))).Equal);
        Assert.Equal(1, arena.Destination.Count("pragma_integrity_check WHERE integrity_check = 'ok'"));
    }

    [Fact]
    public async Task Values_that_a_declaration_came_to_forbid_are_carried_as_they_are()
    {
        using var arena = new Arena(Schema);
        arena.Source.Run("INSERT INTO t VALUES (1, NULL), (2, 'x')");
        foreach (var side in new[] { arena.Source, arena.Destination })
        {
            side.Run("PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT NOT NULL)' WHERE name = 't'");
        }

        var result = await arena.TransferAsync(arena.With(StateTransferMode.Full, SpoolMode.None));

        Assert.Equal((StateTransferStatus.Completed, true), (result.Status, result.Equal));
        await arena.AssertEqualSidesAsync();
    }

    // Each call of Run is a connection of its own, which reads the schema anew.
    private static void Declare(Arena arena, string index)
        => arena.Source.Run("PRAGMA writable_schema = ON", $"UPDATE sqlite_schema SET sql = '{index}' WHERE name = 'ix'");
}
