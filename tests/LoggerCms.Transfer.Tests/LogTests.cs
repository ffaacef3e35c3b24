using LoggerCms.Databases.Sqlite;
using Microsoft.Data.Sqlite;

namespace LoggerCms.Transfer.Tests;

/// <summary>Transfers by the config message log: only what the destination lacks, never an echo, never a wrong guess about whose history it is.</summary>
public sealed class LogTests
{
    private static readonly string[] Tables = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "CREATE TABLE s (a TEXT NOT NULL, b INTEGER NOT NULL, v TEXT UNIQUE, PRIMARY KEY (a, b))"];

    [Theory]
    [InlineData(StateTransferMode.Log, SpoolMode.File)]
    [InlineData(StateTransferMode.Log, SpoolMode.None)]
    [InlineData(StateTransferMode.Auto, SpoolMode.File)]
    [InlineData(StateTransferMode.Auto, SpoolMode.None)]
    public async Task Only_what_the_log_holds_beyond_the_destinations_position_is_sent(StateTransferMode mode, SpoolMode spool)
    {
        using var arena = await LevelAsync();
        arena.Source.Run(
            "UPDATE t SET v = 'new' WHERE id = 3", "DELETE FROM t WHERE id = 4", "INSERT INTO t VALUES (100, 'in'), (101, 'in')", "DELETE FROM t WHERE id = 101",
            "UPDATE s SET v = v || '~'", "UPDATE s SET v = 's ' || (3 - b)", "UPDATE t SET id = 200 WHERE id = 5");
        var before = arena.Destination.Dump();

        var result = await arena.TransferAsync(arena.With(mode, spool));

        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Log), (result.Status, result.Mode));
        Assert.Equal(VerifyLevel.ChangedRows, result.Verified);
        Assert.Null(result.Equal);
        Assert.InRange(result.RowsInserted + result.RowsUpdated + result.RowsDeleted, 1, 9);
        await arena.AssertEqualSidesAsync();
        Assert.Equal(await PositionAsync(arena, arena.A), await PositionAsync(arena, arena.B));
        Assert.Equal(StateTransferStatus.NothingToSend, (await arena.TransferAsync(arena.With(mode, spool))).Status);

        await arena.UndoAsync(result.Id);

        Assert.Equal(before, arena.Destination.Dump());
        Assert.Equal(StateTransferStatus.Completed, (await arena.TransferAsync(arena.With(StateTransferMode.Auto, spool))).Status);
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task Rows_that_go_and_come_back_for_a_unique_index_are_counted_as_updated()
    {
        using var arena = await LevelAsync();
        arena.Source.Run("UPDATE s SET v = v || '~'", "INSERT INTO s VALUES ('x', 3, 's 3')", "INSERT INTO s VALUES ('x', 4, 's 4')", "DELETE FROM s WHERE b = 4");

        var result = await arena.TransferAsync(arena.With(StateTransferMode.Log));
        var undo = await arena.UndoAsync(result.Id);

        Assert.Equal((1L, 2L, 0L), (result.RowsInserted, result.RowsUpdated, result.RowsDeleted));
        Assert.Equal((0L, 2L, 1L), (undo.RowsInserted, undo.RowsUpdated, undo.RowsDeleted));
    }

    [Theory]
    [InlineData(SpoolMode.File)]
    [InlineData(SpoolMode.None)]
    public async Task WhatIf_foresees_what_the_transfer_then_does(SpoolMode spool)
    {
        using var arena = await LevelAsync();
        arena.Source.Run(
            "UPDATE t SET v = 'new' WHERE id IN (3, 6)", "DELETE FROM t WHERE id = 4", "INSERT INTO t VALUES (100, 'in')",
            "INSERT INTO t VALUES (101, 'in')", "DELETE FROM t WHERE id = 101", "UPDATE t SET v = v || 'x' WHERE id = 7", "UPDATE t SET v = substr(v, 1, length(v) - 1) WHERE id = 7");
        var request = arena.With(StateTransferMode.Log, spool);

        var plan = await arena.TransferAsync(request with { WhatIf = true });
        var result = await arena.TransferAsync(request);

        Assert.Equal((1L, 2L, 1L), (plan.RowsInserted, plan.RowsUpdated, plan.RowsDeleted));
        Assert.Equal((plan.RowsInserted, plan.RowsUpdated, plan.RowsDeleted), (result.RowsInserted, result.RowsUpdated, result.RowsDeleted));
    }

    [Fact]
    public async Task What_was_received_is_no_change_of_ones_own_and_goes_not_back()
    {
        using var arena = await LevelAsync();
        arena.Source.Run("UPDATE t SET v = 'from a' WHERE id < 5");
        await arena.TransferAsync(arena.With(StateTransferMode.Log));
        var back = arena.With(StateTransferMode.Auto) with { Source = arena.B, Destination = arena.A };

        Assert.Equal(StateTransferStatus.NothingToSend, (await LevelBackAsync()).Status);
        arena.Destination.Run("UPDATE t SET v = 'from b' WHERE id = 7");
        var result = await arena.TransferAsync(back);

        Assert.Equal((StateTransferMode.Log, 1), (result.Mode, result.RowsInserted + result.RowsUpdated));
        await arena.AssertEqualSidesAsync();
        Assert.Equal(StateTransferStatus.NothingToSend, (await arena.TransferAsync(arena.With(StateTransferMode.Log))).Status);

        async Task<StateTransferResult> LevelBackAsync()
        {
            // The other direction has no common position yet: rows are compared once.
            var first = await arena.TransferAsync(back);
            return first.Status == StateTransferStatus.AlreadyInState ? await arena.TransferAsync(back) : first;
        }
    }

    [Fact]
    public async Task A_destination_that_is_ahead_is_refused_with_both_positions_and_force_overwrites_it_undoably()
    {
        using var arena = await LevelAsync();
        arena.Destination.Run("UPDATE t SET v = 'only here' WHERE id = 1");
        var before = arena.Destination.Dump();

        var failure = await arena.FailsAsync(ErrorCodes.DestinationAhead);

        foreach (var (origin, key) in await PositionAsync(arena, arena.B))
            Assert.Contains($"{origin}:{key}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("A is at", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, arena.Destination.Dump());
        var forced = await arena.TransferAsync(arena.Request with { Force = true });
        Assert.Equal(StateTransferStatus.Completed, forced.Status);
        await arena.AssertEqualSidesAsync();
        Assert.Equal(StateTransferStatus.NothingToSend, (await arena.TransferAsync(arena.With(StateTransferMode.Log))).Status);
        await arena.UndoAsync(forced.Id);
        Assert.Equal(before, arena.Destination.Dump());
    }

    [Fact]
    public async Task Sides_that_each_have_changes_of_their_own_have_diverged_and_force_decides()
    {
        using var arena = await LevelAsync();
        arena.Source.Run("UPDATE t SET v = 'a' WHERE id = 1");
        arena.Destination.Run("UPDATE t SET v = 'b' WHERE id = 2");

        foreach (var mode in new[] { StateTransferMode.Auto, StateTransferMode.Log, StateTransferMode.Rows, StateTransferMode.Full })
            await arena.FailsAsync(ErrorCodes.DestinationDiverged, arena.With(mode));
        var forced = await arena.TransferAsync(arena.Request with { Force = true });

        Assert.Equal(StateTransferStatus.Completed, forced.Status);
        await arena.AssertEqualSidesAsync();
        arena.Source.Run("UPDATE t SET v = 'next' WHERE id = 9");
        Assert.Equal(StateTransferMode.Log, (await arena.TransferAsync()).Mode);
        await arena.AssertEqualSidesAsync();
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_source_that_was_restored_and_used_its_keys_again_is_never_taken_for_level(bool byLog, bool inPlace)
    {
        using var arena = await LevelAsync();
        var backup = Backup(arena.Source);
        arena.Source.Run("UPDATE t SET v = 'lost 1' WHERE id = 1", "UPDATE t SET v = 'lost 2' WHERE id = 2");
        await arena.TransferAsync(arena.With(byLog ? StateTransferMode.Log : StateTransferMode.Rows));
        Restore(arena.Source, backup, inPlace);
        arena.Source.Run("UPDATE t SET v = 'other 3' WHERE id = 3", "UPDATE t SET v = 'other 4' WHERE id = 4");

        await NeverWrongAsync(arena);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_destination_that_was_restored_and_used_its_keys_again_is_never_taken_for_level(bool inPlace)
    {
        using var arena = await LevelAsync();
        var backup = Backup(arena.Destination);
        arena.Destination.Run("UPDATE t SET v = 'lost' WHERE id = 1");
        Assert.Equal(StateTransferStatus.Completed, (await arena.TransferAsync(arena.Request with { Source = arena.B, Destination = arena.A })).Status);
        Restore(arena.Destination, backup, inPlace);
        arena.Destination.Run("UPDATE t SET v = 'other' WHERE id = 2");

        await NeverWrongAsync(arena);
    }

    [Fact]
    public async Task A_destination_restored_from_a_backup_is_only_behind()
    {
        using var arena = await LevelAsync();
        var backup = Backup(arena.Destination);
        arena.Source.Run("UPDATE t SET v = 'one' WHERE id = 1");
        await arena.TransferAsync(arena.With(StateTransferMode.Log));
        arena.Source.Run("UPDATE t SET v = 'two' WHERE id = 2");
        Restore(arena.Destination, backup, inPlace: true);

        await arena.TransferAsync();

        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task A_log_that_was_trimmed_past_the_destinations_position_cannot_serve_and_Auto_compares_rows()
    {
        using var arena = await LevelAsync(retention: TimeSpan.Zero);
        arena.Source.Run("UPDATE t SET v = 'gone from the log' WHERE id = 1", "UPDATE s SET v = 'also' WHERE b = 1");
        await using (var side = await new SqliteSideDriver().OpenAsync(arena.A, Arena.Token))
            Assert.True(await side.Log.TrimAsync(Arena.Token) > 0);

        var failure = await arena.FailsAsync(ErrorCodes.LogCannotServe, arena.With(StateTransferMode.Log));
        var result = await arena.TransferAsync();

        Assert.Contains("begins at", failure.Message, StringComparison.Ordinal);
        Assert.Equal(StateTransferMode.Rows, result.Mode);
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task A_transfer_of_some_tables_never_makes_the_others_look_level()
    {
        using var arena = await LevelAsync();
        arena.Source.Run("UPDATE t SET v = 'new t' WHERE id = 1", "UPDATE s SET v = 'new s' WHERE b = 1");

        var partial = await arena.TransferAsync(arena.Request with { Table = ["t"] });

        Assert.Equal(StateTransferStatus.Completed, partial.Status);
        Assert.NotEqual(arena.Source.Dump(t => t == "s"), arena.Destination.Dump(t => t == "s"));
        var whole = await arena.TransferAsync();
        Assert.Equal(StateTransferStatus.Completed, whole.Status);
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task Without_a_log_on_both_sides_its_mode_is_refused()
    {
        using var arena = new Arena(Tables);
        await arena.FailsAsync(ErrorCodes.LogNotEnabled, arena.With(StateTransferMode.Log));
        await arena.Engine.EnableLogAsync(new EnableLogRequest { Side = arena.A, SideName = "A" }, Arena.Token);
        var failure = await arena.FailsAsync(ErrorCodes.LogNotEnabled, arena.With(StateTransferMode.Log));
        Assert.Contains("Enable-ConfigMessageLog", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_position_is_not_moved_without_being_confirmed()
    {
        using var arena = await EnabledAsync();
        var before = await PositionAsync(arena, arena.B);

        var refused = await arena.TransferAsync(arena.Request with { Confirm = _ => ValueTask.FromResult(false) });
        Assert.Equal(StateTransferStatus.Cancelled, refused.Status);
        Assert.Equal(before, await PositionAsync(arena, arena.B));

        var level = await arena.TransferAsync();
        Assert.Equal((StateTransferStatus.AlreadyInState, true), (level.Status, level.Equal));
        Assert.NotEqual(before, await PositionAsync(arena, arena.B));
        arena.AssertNothingLeft();
    }

    [Fact]
    public async Task Whatever_is_written_restored_and_transferred_a_transfer_that_succeeds_leaves_equal_rows()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var arena = await LevelAsync();
        var story = new List<string> { $"seed {seed}" };
        var backups = new List<(SqliteFile File, string Path)>();
        for (var step = 0; step < 40; step++)
        {
            var side = random.Next(3) == 0 ? arena.Destination : arena.Source;
            switch (random.Next(10))
            {
                case < 4:
                    var statement = random.Next(3) switch
                    {
                        0 => $"UPDATE t SET v = 'step {step}' WHERE id = {random.Next(1, 30)}",
                        1 => $"INSERT INTO t VALUES ({1000 + step}, 'step')",
                        _ => $"DELETE FROM s WHERE b = {random.Next(1, 9)}",
                    };
                    story.Add($"{Path.GetFileName(side.Path)}: {statement}");
                    side.Run(statement);
                    break;
                case 4:
                    story.Add($"backup {Path.GetFileName(side.Path)}");
                    backups.Add((side, Backup(side)));
                    break;
                case 5 when backups.Count > 0:
                    var (file, path) = backups[random.Next(backups.Count)];
                    var inPlace = random.Next(2) == 0;
                    story.Add($"restore {Path.GetFileName(file.Path)} from backup {backups.FindIndex(b => b.Path == path)}, in place {inPlace}");
                    Restore(file, path, inPlace);
                    break;
                default:
                    await TransferAsync(step);
                    break;
            }
        }

        async Task TransferAsync(int step)
        {
            var forward = random.Next(3) > 0;
            var request = forward ? arena.Request : arena.Request with { Source = arena.B, Destination = arena.A };
            request = request with { Force = random.Next(4) == 0, Mode = (StateTransferMode)random.Next(4) };
            try
            {
                var result = await arena.TransferAsync(request);
                story.Add($"{(forward ? "a to b" : "b to a")} {request.Mode} force {request.Force}: {result.Status} by {result.Mode} ({result.ModeReason})");
                Assert.True(arena.Source.Dump() == arena.Destination.Dump(), string.Join('\n', story));
            }
            catch (LoggerCmsException failure)
            {
                story.Add($"{(forward ? "a to b" : "b to a")} {request.Mode} force {request.Force}: {failure.Code}");
                Assert.True(
                    failure.Code is ErrorCodes.DestinationAhead or ErrorCodes.DestinationDiverged or ErrorCodes.LogCannotServe or ErrorCodes.LogNotEnabled,
                    $"step {step}: {failure}\n{string.Join('\n', story)}");
            }
        }
    }

    /// <summary>A transfer either refuses, or leaves equal rows; with -Force it does the latter.</summary>
    private static async Task NeverWrongAsync(Arena arena)
    {
        foreach (var mode in new[] { StateTransferMode.Log, StateTransferMode.Auto })
        {
            try
            {
                var result = await arena.TransferAsync(arena.With(mode));
                Assert.True(arena.Source.Dump() == arena.Destination.Dump(), $"{result.Status} by {result.Mode}: {result.ModeReason}");
            }
            catch (LoggerCmsException failure)
            {
                Assert.True(failure.Code is ErrorCodes.DestinationDiverged or ErrorCodes.DestinationAhead or ErrorCodes.LogCannotServe, failure.ToString());
            }
        }

        await arena.TransferAsync(arena.Request with { Force = true });
        await arena.AssertEqualSidesAsync();
    }

    /// <summary>Both sides under the log, with the same rows and a common position.</summary>
    private static async Task<Arena> LevelAsync(TimeSpan? retention = null)
    {
        var arena = await EnabledAsync(retention);
        Assert.Equal(StateTransferStatus.AlreadyInState, (await arena.TransferAsync()).Status);
        return arena;
    }

    private static async Task<Arena> EnabledAsync(TimeSpan? retention = null)
    {
        var arena = new Arena(Tables);
        foreach (var side in new[] { arena.Source, arena.Destination })
        {
            side.Run(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) INSERT INTO t SELECT i, 'row ' || i FROM n",
                "INSERT INTO s VALUES ('x', 1, 's 1'), ('x', 2, 's 2')");
        }

        await arena.Engine.EnableLogAsync(new EnableLogRequest { Side = arena.A, SideName = "A", Retention = retention ?? TimeSpan.FromDays(7) }, Arena.Token);
        await arena.Engine.EnableLogAsync(new EnableLogRequest { Side = arena.B, SideName = "B" }, Arena.Token);
        arena.Source.Run("UPDATE t SET v = 'logged' WHERE id = 40");
        arena.Source.Run("UPDATE t SET v = 'row 40' WHERE id = 40");
        return arena;
    }

    private static async Task<SortedDictionary<string, long>> PositionAsync(Arena arena, SideConnection side)
    {
        var state = await arena.Engine.GetLogAsync(side, Arena.Token);
        return new SortedDictionary<string, long>(state.Position.Where(p => p.Value > 0).ToDictionary(), StringComparer.Ordinal);
    }

    private static string Backup(SqliteFile file)
    {
        var copy = $"{file.Path}.{Guid.NewGuid():N}.bak";
        using var from = file.Open();
        using var to = new SqliteConnection($"Data Source={copy};Pooling=False");
        to.Open();
        from.BackupDatabase(to);
        return copy;
    }

    /// <summary>As an administrator does: the file is overwritten, or another takes its name.</summary>
    private static void Restore(SqliteFile file, string backup, bool inPlace)
    {
        foreach (var suffix in new[] { "-wal", "-shm" })
            File.Delete(file.Path + suffix);
        if (!inPlace)
            File.Delete(file.Path);
        File.Copy(backup, file.Path, overwrite: true);
    }
}
