namespace LoggerCms.Transfer.Tests;

/// <summary>Cancelling takes effect up to the commit, and leaves the destination as it was.</summary>
public sealed class CancellationTests
{
    public static TheoryData<StateTransferPhase, StateTransferMode, SpoolMode> Phases()
    {
        var data = new TheoryData<StateTransferPhase, StateTransferMode, SpoolMode>();
        foreach (var phase in new[] { StateTransferPhase.Connect, StateTransferPhase.CheckCompatibility, StateTransferPhase.Compare, StateTransferPhase.PrepareToSend, StateTransferPhase.Apply, StateTransferPhase.Verify })
        {
            foreach (var mode in new[] { StateTransferMode.Rows, StateTransferMode.Full })
            {
                foreach (var spool in Enum.GetValues<SpoolMode>())
                {
                    if (spool == SpoolMode.File || (mode == StateTransferMode.Rows && phase >= StateTransferPhase.Apply))
                        data.Add(phase, mode, spool);
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Phases))]
    public async Task A_transfer_that_is_cancelled_in_a_phase_leaves_the_destination_as_it_was_and_a_second_run_works(
        StateTransferPhase phase, StateTransferMode mode, SpoolMode spool)
    {
        using var arena = new Arena(Data.Schema);
        Data.Fill(arena.Source, seed: 40, rows: 20);
        Data.Fill(arena.Destination, seed: 40, rows: 20);
        Data.Damage(arena.Destination);
        var before = arena.Destination.Dump();
        using var stop = new CancellationTokenSource();
        var progress = new Told(p =>
        {
            if (p.Phase == phase)
                stop.Cancel();
        });

        var result = await arena.Engine.TransferAsync(arena.With(mode, spool), progress, stop.Token);

        Assert.Equal(StateTransferStatus.Cancelled, result.Status);
        Assert.Equal("Cancelled", result.Phases[^1].Result);
        Assert.Equal(phase, result.Phases[^1].Phase);
        Assert.Null(result.UndoPath);
        Assert.Equal(before, arena.Destination.Dump());
        Assert.Equal(StateTransferStatus.Cancelled, Assert.Single(arena.Engine.GetTransfers(result.Id)).Status);

        // Only a complete spool stays, and it is listed.
        var listed = arena.Engine.GetTransferFiles().Where(f => f.Kind is not ("Record" or "Trace")).Select(f => Path.GetFileName(f.Path)).ToArray();
        Assert.Equal(arena.Leftovers, listed);
        Assert.Equal(spool == SpoolMode.File && phase is StateTransferPhase.Apply or StateTransferPhase.Verify ? 1 : 0, listed.Length);

        Assert.Equal(StateTransferStatus.Completed, (await arena.TransferAsync(arena.With(mode, spool))).Status);
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task A_transfer_is_stopped_by_its_id_from_another_engine()
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"]);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        var time = new ManualTime();
        var engine = arena.NewEngine(time);

        var result = await engine.TransferAsync(
            arena.Request with
            {
                Confirm = _ =>
                {
                    arena.Engine.StopTransfer(Assert.Single(arena.Engine.GetTransfers(null)).Id);
                    time.Advance(TimeSpan.FromSeconds(1));
                    return ValueTask.FromResult(true);
                },
            },
            null,
            Arena.Token);

        Assert.Equal(StateTransferStatus.Cancelled, result.Status);
        Assert.Equal(0, arena.Destination.Count("t"));
        arena.AssertNothingLeft();
        arena.Engine.StopTransfer(result.Id);
        arena.AssertNothingLeft();
    }
}
