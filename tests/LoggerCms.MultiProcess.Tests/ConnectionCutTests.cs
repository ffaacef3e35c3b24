using LoggerCms.MultiProcess.Tests.Support;
using Npgsql;

namespace LoggerCms.MultiProcess.Tests;

/// <summary>The connection cut in every phase, and at the one moment when only the transfer's id can tell what happened.</summary>
public sealed class ConnectionCutTests
{
    public static MatrixTheoryData<string, bool> PhasesAndEnds => new(["CheckCompatibility", "Compare", "PrepareToSend", "Apply", "Verify"], [true, false]);

    [Theory]
    [MemberData(nameof(PhasesAndEnds))]
    public async Task A_connection_that_is_cut_in_a_phase_is_typed_and_changes_nothing(string phase, bool destination)
    {
        await using var sides = await PostgreSqlSides.MakeAsync();
        using (var host = sides.Transfer("mode=Rows", "spool=File", "verify=AllRows", $"pause={phase}"))
        {
            host.WaitForPause(phase);
            await sides.CutAsync(destination);
            host.GoOn();
            var outcome = host.WaitForEnd();

            // Between two phases a side may connect anew, and a source that was read to its end is not needed any more. In Verify the transaction is open.
            if (outcome.Status == "Completed" && (phase != "Verify" || !destination))
            {
                Assert.Equal(sides.After, await sides.DestinationDigestAsync());
            }
            else
            {
                outcome.MustFail("ConnectionLost");
                Assert.Equal(sides.Before, await sides.DestinationDigestAsync());
            }

            Assert.DoesNotContain("Password", outcome.Said, StringComparison.OrdinalIgnoreCase);
        }

        await sides.SecondRunMustWorkAsync();
    }

    [Theory]
    [InlineData("Compare")]
    [InlineData("Apply+")]
    [InlineData("Verify")]
    public async Task A_transfer_into_a_server_that_is_killed_leaves_the_destination_as_it_was(string phase)
    {
        await using var sides = await PostgreSqlSides.MakeAsync();
        using (var host = sides.Transfer("mode=Full", "spool=None", "throttle=1", $"pause={phase}"))
        {
            host.WaitForPause(phase);
            host.Kill();
        }

        // The server notices when it next writes to the dead connection; until then its locks may stand.
        await sides.CutAsync(destination: true);
        Assert.Equal(sides.Before, await sides.DestinationDigestAsync());
        await sides.SecondRunMustWorkAsync();
    }

    [Fact]
    public async Task A_COMMIT_that_never_arrived_is_settled_as_not_committed()
    {
        var (outcome, sides) = await RunThroughAsync(deliver: false, refuseAfterwards: false);
        await using (sides)
        {
            outcome.MustFail("ConnectionLost", "OutcomeUnknown");
            Assert.Equal(sides.Before, await sides.DestinationDigestAsync());
            await sides.SecondRunMustWorkAsync();
        }
    }

    [Fact]
    public async Task A_COMMIT_whose_answer_was_lost_is_settled_by_the_transfers_id()
    {
        var (outcome, sides) = await RunThroughAsync(deliver: true, refuseAfterwards: false);
        await using (sides)
        {
            outcome.MustBe("Completed");
            Assert.Equal(sides.After, await sides.DestinationDigestAsync());
        }
    }

    [Theory]
    [InlineData(true, "Completed")]
    [InlineData(false, "Failed")]
    public async Task A_COMMIT_that_cannot_be_settled_is_Unknown_until_it_can(bool deliver, string settled)
    {
        var (outcome, sides) = await RunThroughAsync(deliver, refuseAfterwards: true);
        await using (sides)
        {
            outcome.MustFail("OutcomeUnknown");
            using var list = sides.Call("transfers");
            var record = list.WaitForEnd();
            record.MustBe("Unknown");
            using (var settle = sides.Call("settle", $"id={record.Id}", $"destination=postgresql:{sides.Destination}"))
                settle.WaitForEnd().MustBe(settled);
            Assert.Equal(deliver ? sides.After : sides.Before, await sides.DestinationDigestAsync());
            await sides.SecondRunMustWorkAsync();
        }
    }

    private static async Task<(Outcome Outcome, PostgreSqlSides Sides)> RunThroughAsync(bool deliver, bool refuseAfterwards)
    {
        var sides = await PostgreSqlSides.MakeAsync();
        try
        {
            var direct = new NpgsqlConnectionStringBuilder(sides.Destination);
            await using var proxy = new CuttingProxy(direct.Host!, direct.Port, deliver, refuseAfterwards);
            var through = new NpgsqlConnectionStringBuilder(sides.Destination) { Host = "127.0.0.1", Port = proxy.Port, SslMode = SslMode.Disable }.ConnectionString;
            using var host = sides.Call(
                "transfer", $"source=postgresql:{sides.Source}", $"destination=postgresql:{through}", "mode=Rows", "spool=None", "pause=Verify");
            host.WaitForPause("Verify");
            proxy.Arm();
            host.GoOn();
            var outcome = host.WaitForEnd();
            Assert.True(proxy.HasCut, outcome.Said);
            return (outcome, sides);
        }
        catch
        {
            await sides.DisposeAsync();
            throw;
        }
    }
}
