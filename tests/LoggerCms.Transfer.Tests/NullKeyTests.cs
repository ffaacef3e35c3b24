namespace LoggerCms.Transfer.Tests;

/// <summary>SQLite lets NULL into a key. Where it stands on one side at least, the table is one without a key for the whole transfer, and for its undo.</summary>
public sealed class NullKeyTests
{
    private const string Declaration = "CREATE TABLE t (a TEXT, b INT, v TEXT, PRIMARY KEY (a, b))";

    public static TheoryData<StateTransferMode, bool, bool> Ways()
    {
        var ways = new TheoryData<StateTransferMode, bool, bool>();
        foreach (var mode in new[] { StateTransferMode.Rows, StateTransferMode.Full })
        {
            foreach (var inSource in new[] { true, false })
            {
                ways.Add(mode, inSource, true);
                ways.Add(mode, inSource, false);
            }
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_transfer_and_its_undo_are_exact_where_NULL_stands_in_the_key_of_one_side(StateTransferMode mode, bool inSource, bool paired)
    {
        using var arena = new Arena([]);
        if (!paired)
        {
            File.Delete(arena.Destination.Path);
            arena.Destination.Run("PRAGMA encoding = 'UTF-16'");
        }

        arena.Source.Run(Declaration, "INSERT INTO t VALUES ('x', 1, 'new'), ('y', 1, 'same')");
        arena.Destination.Run(Declaration, "INSERT INTO t VALUES ('x', 1, 'old'), ('y', 1, 'same'), ('z', 1, 'gone')");
        (inSource ? arena.Source : arena.Destination).Run("INSERT INTO t VALUES (NULL, 2, 'n'), (NULL, 2, 'n')");
        var before = arena.Destination.Dump();

        Assert.False((await arena.CompareAsync()).Equal);
        var result = await arena.TransferAsync(arena.With(mode));

        Assert.Equal((StateTransferStatus.Completed, true), (result.Status, result.Equal));
        await arena.AssertEqualSidesAsync();
        var state = await arena.Engine.GetSideStateAsync(new SideStateRequest { Side = arena.B }, null, Arena.Token);
        Assert.True(result.Checksum is null || result.Checksum == state.Checksum);

        Assert.Equal(StateTransferStatus.Completed, (await arena.UndoAsync(result.Id)).Status);
        Assert.Equal(before, arena.Destination.Dump());
    }

    [Fact]
    public async Task An_undo_by_keys_leaves_rows_with_NULL_in_their_key_that_came_later()
    {
        using var arena = new Arena([Declaration]);
        arena.Source.Run("INSERT INTO t VALUES ('x', 1, 'new'), ('y', 1, 'more')");
        arena.Destination.Run("INSERT INTO t VALUES ('x', 1, 'old'), ('z', 1, 'gone')");
        var result = await arena.TransferAsync(arena.With(StateTransferMode.Rows));
        arena.Destination.Run("INSERT INTO t VALUES (NULL, 1, 'later')");

        await arena.UndoAsync(result.Id);

        Assert.Equal(3, arena.Destination.Count("t WHERE v IN ('old', 'gone', 'later')"));
        Assert.Equal(3, arena.Destination.Count("t"));
    }

    [Fact]
    public async Task The_log_serves_a_table_again_once_no_NULL_stands_in_its_key()
    {
        using var arena = new Arena([Declaration]);
        arena.Source.Run("INSERT INTO t VALUES ('x', 1, 'v')");
        await arena.Engine.EnableLogAsync(new EnableLogRequest { Side = arena.A, SideName = "A" }, Arena.Token);
        await arena.Engine.EnableLogAsync(new EnableLogRequest { Side = arena.B, SideName = "B" }, Arena.Token);
        await arena.TransferAsync();

        arena.Source.Run("INSERT INTO t VALUES (NULL, 1, 'n'), ('y', 1, 'v')");
        await arena.FailsAsync(ErrorCodes.LogCannotServe, arena.With(StateTransferMode.Log));
        var rows = await arena.TransferAsync();
        await arena.AssertEqualSidesAsync();
        arena.Source.Run("DELETE FROM t WHERE a IS NULL", "INSERT INTO t VALUES ('z', 1, 'v')");
        var without = await arena.TransferAsync();
        arena.Source.Run("INSERT INTO t VALUES ('zz', 1, 'v')");
        var log = await arena.TransferAsync();

        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Rows), (rows.Status, rows.Mode));
        Assert.Contains("NULL", rows.ModeReason, StringComparison.Ordinal);
        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Rows), (without.Status, without.Mode));
        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Log), (log.Status, log.Mode));
        await arena.AssertEqualSidesAsync();
    }
}
