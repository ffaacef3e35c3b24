using System.Diagnostics;
using LoggerCms.MultiProcess.Tests.Support;

namespace LoggerCms.MultiProcess.Tests;

/// <summary>kill -9 in every phase and at any moment: the destination is as it was or as the source is, and a second run works.</summary>
public sealed class KillTests
{
    public static MatrixTheoryData<string, string> PhasesAndSpools => new(
        ["Connect", "CheckCompatibility", "Compare", "PrepareToSend", "Apply", "Verify"], ["File", "None"]);

    [Theory]
    [MemberData(nameof(PhasesAndSpools))]
    public void A_transfer_that_is_killed_in_a_phase_changed_nothing_and_the_next_one_works(string phase, string spool)
    {
        Assert.SkipWhen(phase == "PrepareToSend" && spool == "None", "Without a spool nothing is prepared.");
        using var sides = new SqliteSides();
        using (var host = sides.Transfer("mode=Rows", $"spool={spool}", $"pause={phase}"))
        {
            host.WaitForPause(phase);
            host.Kill();
        }

        sides.MustBeAsBefore("killed in " + phase, killed: true);
        using (var list = sides.Call("transfers"))
            list.WaitForEnd().MustBe("Interrupted");
        sides.NothingUnownedMustBeLeft();
        sides.SecondRunMustWork();
    }

    [Theory]
    [InlineData("File")]
    [InlineData("None")]
    public void A_transfer_that_is_killed_while_rows_are_applied_changed_nothing_and_the_next_one_works(string spool)
    {
        using var sides = new SqliteSides();
        using (var host = sides.Transfer("mode=Full", $"spool={spool}", "throttle=2", "pause=Apply+"))
        {
            host.WaitForPause("Apply+");
            host.Kill();
        }

        sides.MustBeAsBefore("killed while rows were applied", killed: true);
        sides.NothingUnownedMustBeLeft();
        sides.SecondRunMustWork();
    }

    [Fact]
    public void A_transfer_that_is_killed_in_Cleanup_is_complete()
    {
        using var sides = new SqliteSides();
        using (var host = sides.Transfer("mode=Rows", "pause=Cleanup"))
        {
            host.WaitForPause("Cleanup");
            host.Kill();
        }

        Assert.Equal(sides.After, sides.DestinationDigest());
        sides.MustBeWhole(killed: true);
        sides.NothingUnownedMustBeLeft();
        using (var list = sides.Call("transfers"))
        {
            var record = list.WaitForEnd();
            using var settle = sides.Call("settle", $"id={record.Id}");
            settle.WaitForEnd().MustBe("Completed");
        }

        sides.SecondRunMustWork();
    }

    [Theory]
    [InlineData("Rows", "File")]
    [InlineData("Full", "None")]
    public void A_transfer_that_is_killed_at_any_moment_leaves_the_state_before_or_after(string mode, string spool)
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        using var sides = new SqliteSides();
        var watch = new Stopwatch();
        using (var whole = sides.Transfer($"mode={mode}", $"spool={spool}"))
        {
            Assert.NotNull(whole.WaitFor("phase Connect"));
            watch.Start();
            whole.WaitForEnd().MustBe("Completed");
        }

        var (before, after) = (0, 0);
        for (var round = 0; round < 2; round++)
        {
            sides.MakeStale();
            using var host = sides.Transfer($"mode={mode}", $"spool={spool}");
            Assert.NotNull(host.WaitFor("phase Connect"));

            // The moment of the kill is the test's subject; nothing waits for it to be over.
            var moment = Stopwatch.StartNew();
            var until = watch.Elapsed * random.NextDouble();
            SpinWait.SpinUntil(() => moment.Elapsed >= until);
            host.Kill();
            var digest = sides.DestinationDigest();
            Assert.True(digest == sides.Before || digest == sides.After, $"Seed {seed}, round {round}, killed after {until}: neither before nor after. {host.Said}");
            sides.MustBeWhole(killed: true);
            _ = digest == sides.Before ? before++ : after++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{before} before, {after} after");
        sides.NothingUnownedMustBeLeft();
        sides.SecondRunMustWork();
    }

    [Theory]
    [InlineData("Apply")]
    [InlineData("Verify")]
    public void A_transfer_that_was_killed_with_a_complete_spool_is_resumed(string phase)
    {
        using var sides = new SqliteSides();
        using (var host = sides.Transfer("mode=Rows", "spool=File", $"pause={phase}"))
        {
            host.WaitForPause(phase);
            host.Kill();
        }

        using var list = sides.Call("transfers");
        var id = list.WaitForEnd().Id;
        using var resume = sides.Call("resume", $"id={id}");
        resume.WaitForEnd().MustBe("Completed");
        Assert.Equal(sides.After, sides.DestinationDigest());
        sides.NothingUnownedMustBeLeft();
    }

    [Theory]
    [InlineData("Apply")]
    [InlineData("Verify")]
    public void An_undo_that_is_killed_changed_nothing_and_the_next_one_works(string phase)
    {
        using var sides = new SqliteSides();
        Guid? id;
        using (var host = sides.Transfer("mode=Rows"))
        {
            var outcome = host.WaitForEnd();
            outcome.MustBe("Completed");
            id = outcome.Id;
        }

        using (var undo = sides.Call("undo", $"id={id}", $"pause={phase}"))
        {
            undo.WaitForPause(phase);
            undo.Kill();
        }

        Assert.Equal(sides.After, sides.DestinationDigest());
        sides.MustBeWhole(killed: true);
        using (var undo = sides.Call("undo", $"id={id}"))
            undo.WaitForEnd().MustBe("Completed");
        sides.MustBeAsBefore("undone");
    }
}
