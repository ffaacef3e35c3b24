namespace LoggerCms.Transfer.Tests;

/// <summary>What each mode leaves behind, with and without a spool, and what it may claim.</summary>
public sealed class ModeTests
{
    public static TheoryData<StateTransferMode, SpoolMode, bool> Ways()
    {
        var ways = new TheoryData<StateTransferMode, SpoolMode, bool>();
        foreach (var mode in new[] { StateTransferMode.Auto, StateTransferMode.Rows, StateTransferMode.Full })
        {
            foreach (var spool in Enum.GetValues<SpoolMode>())
            {
                ways.Add(mode, spool, true);
                if (mode == StateTransferMode.Auto)
                    ways.Add(mode, spool, false);
            }
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_transfer_makes_the_destination_equal_to_the_byte_and_its_undo_brings_the_former_bytes_back(StateTransferMode mode, SpoolMode spool, bool wal)
    {
        using var arena = new Arena(Data.Schema, wal);
        Data.Fill(arena.Source, seed: 1);
        Data.Fill(arena.Destination, seed: 1);
        Data.Damage(arena.Destination);
        var (source, before) = (arena.Source.Dump(), arena.Destination.Dump());
        Assert.NotEqual(source, before);

        var result = await arena.TransferAsync(arena.With(mode, spool));

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Equal(mode == StateTransferMode.Auto ? StateTransferMode.Rows : mode, result.Mode);
        Assert.True(result.Equal);
        Assert.Equal(source, arena.Source.Dump());
        await arena.AssertEqualSidesAsync();
        Assert.Equal(Path.GetFileName(result.UndoPath), Assert.Single(arena.Leftovers));

        var undo = await arena.UndoAsync(result.Id);

        Assert.Equal(StateTransferStatus.Completed, undo.Status);
        Assert.Equal(before, arena.Destination.Dump());
        Assert.Equal(StateTransferStatus.Undone, Assert.Single(arena.Engine.GetTransfers(result.Id)).Status);
    }

    [Theory]
    [InlineData(SpoolMode.File)]
    [InlineData(SpoolMode.None)]
    public async Task Auto_sends_everything_into_empty_tables(SpoolMode spool)
    {
        using var arena = new Arena(Data.Schema);
        Data.Fill(arena.Source, seed: 2);

        var result = await arena.TransferAsync(arena.With(StateTransferMode.Auto, spool));

        Assert.Equal(StateTransferMode.Full, result.Mode);
        Assert.Contains("empty", result.ModeReason, StringComparison.Ordinal);
        await arena.AssertEqualSidesAsync();
    }

    [Theory]
    [InlineData(VerifyLevel.AllRows, true)]
    [InlineData(VerifyLevel.ByDatabase, true)]
    [InlineData(VerifyLevel.ChangedRows, null)]
    [InlineData(VerifyLevel.None, null)]
    public async Task Only_a_verification_of_all_rows_claims_that_the_sides_are_equal(VerifyLevel verify, bool? equal)
    {
        Assert.SkipWhen(verify == VerifyLevel.ByDatabase && !await Arena.CanPairAsync(), "The SQLite driver does not pair two files.");
        foreach (var mode in new[] { StateTransferMode.Rows, StateTransferMode.Full })
        {
            foreach (var spool in Enum.GetValues<SpoolMode>())
            {
                using var arena = new Arena(Data.Schema);
                Data.Fill(arena.Source, seed: 3);
                Data.Fill(arena.Destination, seed: 3);
                Data.Damage(arena.Destination);

                var result = await arena.TransferAsync(arena.With(mode, spool, verify));

                Assert.Equal(verify, result.Verified);
                Assert.Equal(equal, result.Equal);
                var state = await arena.Engine.GetSideStateAsync(new SideStateRequest { Side = arena.B }, null, Arena.Token);
                if (verify == VerifyLevel.AllRows)
                    Assert.Equal(state.Checksum, result.Checksum);
                else
                    Assert.True(result.Checksum is null || (verify == VerifyLevel.ByDatabase && result.Checksum == state.Checksum));

                await arena.AssertEqualSidesAsync();
            }
        }
    }

    [Fact]
    public async Task Equal_rows_are_reported_as_already_in_state_and_nothing_is_written()
    {
        using var arena = new Arena(Data.Schema, wal: false);
        Data.Fill(arena.Source, seed: 4);
        Data.Fill(arena.Destination, seed: 4);
        var bytes = await File.ReadAllBytesAsync(arena.Destination.Path, Arena.Token);

        var result = await arena.TransferAsync();

        Assert.Equal(StateTransferStatus.AlreadyInState, result.Status);
        Assert.True(result.Equal);
        Assert.Null(result.UndoPath);
        Assert.Equal(0, result.RowsInserted + result.RowsUpdated + result.RowsDeleted + result.BytesSent);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(arena.Destination.Path, Arena.Token));
        arena.AssertNothingLeft();
    }

    [Theory]
    [InlineData(StateTransferMode.Rows)]
    [InlineData(StateTransferMode.Full)]
    public async Task WhatIf_predicts_and_changes_nothing(StateTransferMode mode)
    {
        using var arena = new Arena(Data.Schema, wal: false);
        Data.Fill(arena.Source, seed: 5);
        Data.Fill(arena.Destination, seed: 5);
        Data.Damage(arena.Destination);
        var bytes = await File.ReadAllBytesAsync(arena.Destination.Path, Arena.Token);
        var asked = false;

        var result = await arena.TransferAsync(arena.With(mode) with
        {
            WhatIf = true,
            Confirm = _ =>
            {
                asked = true;
                return ValueTask.FromResult(true);
            },
        });

        Assert.Equal(StateTransferStatus.WhatIf, result.Status);
        Assert.False(asked);
        Assert.True(result.RowsInserted > 0);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(arena.Destination.Path, Arena.Token));
        arena.AssertNothingLeft();

        var done = await arena.TransferAsync(arena.With(mode));

        Assert.Equal((result.RowsInserted, result.RowsUpdated, result.RowsDeleted), (done.RowsInserted, done.RowsUpdated, done.RowsDeleted));
    }

    [Theory]
    [InlineData(SpoolMode.File)]
    [InlineData(SpoolMode.None)]
    public async Task What_is_not_confirmed_is_cancelled_and_the_plan_says_what_would_have_been_done(SpoolMode spool)
    {
        using var arena = new Arena(Data.Schema, wal: false);
        Data.Fill(arena.Source, seed: 6);
        Data.Fill(arena.Destination, seed: 6);
        arena.Destination.Run("DELETE FROM line WHERE text = 'twin'", "UPDATE word SET meaning = 'm' WHERE word = 'word1'", "INSERT INTO word VALUES ('zzz', 'z')");
        var bytes = await File.ReadAllBytesAsync(arena.Destination.Path, Arena.Token);
        TransferPlan? plan = null;

        var result = await arena.TransferAsync(arena.With(StateTransferMode.Auto, spool) with
        {
            Confirm = p =>
            {
                plan = p;
                return ValueTask.FromResult(false);
            },
        });

        Assert.Equal(StateTransferStatus.Cancelled, result.Status);
        Assert.NotNull(plan);
        Assert.Equal((3, 1, 1), (plan.RowsToInsert, plan.RowsToUpdate, plan.RowsToDelete));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(arena.Destination.Path, Arena.Token));
        arena.AssertNothingLeft();
    }
}
