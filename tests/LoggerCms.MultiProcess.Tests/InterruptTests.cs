using LoggerCms.MultiProcess.Tests.Support;

namespace LoggerCms.MultiProcess.Tests;

/// <summary>Ctrl+C and a stop request from elsewhere, in every phase.</summary>
public sealed class InterruptTests
{
    [Theory]
    [InlineData("Connect")]
    [InlineData("CheckCompatibility")]
    [InlineData("Compare")]
    [InlineData("PrepareToSend")]
    [InlineData("Apply")]
    [InlineData("Verify")]
    public void Ctrl_C_in_a_phase_cancels_and_leaves_nothing(string phase)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "No SIGINT here.");
        using var sides = new SqliteSides();
        using var host = sides.Transfer("mode=Rows", $"pause={phase}");
        host.WaitForPause(phase);
        host.Interrupt();
        host.GoOn();
        host.WaitForEnd().MustBe("Cancelled");
        sides.MustBeAsBefore(host.Said);
        sides.NothingUnownedMustBeLeft();
        Assert.DoesNotContain(Directory.EnumerateFiles(sides.Temp), f => f.EndsWith(".partial", StringComparison.Ordinal));
        sides.SecondRunMustWork();
    }

    [Fact]
    public void Another_process_stops_a_transfer()
    {
        using var sides = new SqliteSides();
        using var host = sides.Transfer("mode=Full", "spool=File", "throttle=0.1");
        Assert.NotNull(host.WaitFor("phase Apply"));
        Guid? id;
        using (var list = sides.Call("transfers"))
        {
            var record = list.WaitForEnd();
            record.MustBe("Running");
            id = record.Id;
        }

        using (var stop = sides.Call("stop", $"id={id}"))
            Assert.Null(stop.WaitFor("error"));
        host.WaitForEnd().MustBe("Cancelled");
        sides.MustBeAsBefore(host.Said);
        sides.SecondRunMustWork();
    }

    [Fact]
    public void A_second_transfer_into_the_same_destination_is_refused_and_the_first_goes_on()
    {
        using var sides = new SqliteSides();
        using var first = sides.Transfer("mode=Rows", "pause=Compare");
        first.WaitForPause("Compare");
        using (var second = sides.Transfer("mode=Rows"))
            second.WaitForEnd().MustFail("TransferInProgress");
        first.GoOn();
        first.WaitForEnd().MustBe("Completed");
        Assert.Equal(sides.After, sides.DestinationDigest());
        sides.NothingUnownedMustBeLeft();
    }

    [Fact]
    public void A_destination_whose_writer_does_not_let_go_is_DestinationInUse()
    {
        using var sides = new SqliteSides();
        using var writer = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={sides.Destination};Pooling=False");
        writer.Open();
        using var command = writer.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.ExecuteNonQuery();
        using (var host = sides.Transfer("mode=Rows", "lock=1"))
            host.WaitForEnd().MustFail("DestinationInUse");
        command.CommandText = "ROLLBACK";
        command.ExecuteNonQuery();
        writer.Close();
        sides.MustBeAsBefore("writer");
        sides.SecondRunMustWork();
    }

    [Theory]
    [InlineData("Rows", "File")]
    [InlineData("Full", "None")]
    public void A_source_that_is_written_all_the_time_gives_the_state_of_one_moment(string mode, string spool)
    {
        using var sides = new SqliteSides();
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={sides.Source};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL; UPDATE config_agent SET weight = 0; UPDATE config_service SET weight = 0;";
        command.ExecuteNonQuery();

        // What one table gains the other loses, in one transaction: any other sum is a torn state.
        command.CommandText = "BEGIN; UPDATE config_agent SET weight = weight + 1; UPDATE config_service SET weight = weight - 1; COMMIT;";
        using var host = sides.Transfer($"mode={mode}", $"spool={spool}", "verify=AllRows");
        var writes = 0;
        for (var done = false; !done; writes++)
        {
            command.ExecuteNonQuery();
            done = host.Lines.Any(l => l.StartsWith("result", StringComparison.Ordinal) || l.StartsWith("error", StringComparison.Ordinal));
        }

        var outcome = host.WaitForEnd();
        outcome.MustBe("Completed");
        Assert.True(writes > 1);
        Assert.Equal(
            "0",
            SqliteSides.Scalar(sides.Destination, "SELECT CAST((SELECT max(weight) FROM config_agent) + (SELECT min(weight) FROM config_service) AS INTEGER)"));
        Assert.Equal("1", SqliteSides.Scalar(sides.Destination, "SELECT count(DISTINCT weight) FROM config_agent"));
    }
}
