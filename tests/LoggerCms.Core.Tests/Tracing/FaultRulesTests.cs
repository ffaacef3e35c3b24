using LoggerCms.Core.StateTransfer;
using LoggerCms.Core.Tracing.Faults;

namespace LoggerCms.Core.Tests.Tracing;

/// <summary>Each rule by the lines that satisfy it, and by lines that only come close.</summary>
public sealed class FaultRulesTests
{
    private const string NoFile = "16:47:39 Trace: Unable to GetTempFileName for temporary state transfer file. Last API Error ";

    [Theory]
    [InlineData("[5]: Access is denied.", FaultCauses.AccessDenied)]
    [InlineData("[112]: There is not enough space on the disk.", FaultCauses.DiskFull)]
    [InlineData("[39]: The disk is full.", FaultCauses.DiskFull)]
    [InlineData("[80]: The file exists.", FaultCauses.NamesExhausted)]
    [InlineData("[1816]: Not enough quota is available to process this command.", FaultCauses.QuotaExceeded)]
    [InlineData("[19]: The media is write protected.", FaultCauses.ReadOnly)]
    [InlineData("[267]: The directory name is invalid.", FaultCauses.NotAFolder)]
    [InlineData("[206]: The filename or extension is too long.", FaultCauses.PathTooLong)]
    [InlineData("[3]: The system cannot find the path specified.", FaultCauses.Missing)]
    public async Task The_reason_of_GetTempFileName_is_the_cause(string error, string cause)
    {
        using var traces = new Traces();

        var fault = Assert.Single(await traces.FindAsync(NoFile + error, "16:47:39 Trace: Unable to setup to use file in sending state."));

        Assert.Equal((cause, "PrepareToSend", FaultCertainty.Certain), (fault.Cause, fault.Phase, fault.Certainty));
        Assert.Equal((traces.At("trace.txt"), 1L), (fault.Path, fault.Line));
        Assert.StartsWith("Test-TempAccess", fault.RemedyCommand, StringComparison.Ordinal);
        Assert.Contains("45340", fault.Source, StringComparison.Ordinal);
        Assert.Equal(2, fault.Evidence.Count);
    }

    [Theory]
    [InlineData(NoFile + "[9999]: Something new.")]
    [InlineData("16:47:39 Trace: Unable to setup to use file in sending state.")]
    public async Task A_reason_that_is_not_known_is_not_guessed(string line)
    {
        using var traces = new Traces();

        var fault = Assert.Single(await traces.FindAsync(line));

        Assert.Equal((FaultCauses.NotDetermined, FaultCertainty.Possible), (fault.Cause, fault.Certainty));
    }

    [Fact]
    public async Task The_assertion_that_Cisco_ties_to_an_empty_log_is_Likely()
    {
        using var traces = new Traces();
        const string assertion = @"10:00:00 la-lgr Fail: Assertion failed: syncMsg.UpdateKey == g.checksumInfo.updateKey. File: y:\icm\logger\logger\rtinput.cpp. Line 691";

        var fault = Assert.Single(await traces.FindAsync(
            assertion, "10:00:05 la-lgr Initializing Event Management System (EMS) Library.", assertion.Replace("10:00:00", "10:00:20", StringComparison.Ordinal)));

        Assert.Equal((FaultCauses.ConfigMessageLogEmpty, "A", FaultCertainty.Likely), (fault.Cause, fault.Side, fault.Certainty));
        Assert.Contains("65201", fault.Source, StringComparison.Ordinal);
        Assert.Contains("2 times", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fail: Assertion failed: (keytop - keybase) >= 0.0. File: recovery.cpp. Line 1", FaultCertainty.Likely)]
    [InlineData("Fail: Assertion failed: RecoveryKey > lastKey. File: x.cpp. Line 1", FaultCertainty.Possible)]
    public async Task Assertions_over_recovery_keys_are_told(string text, FaultCertainty certainty)
    {
        using var traces = new Traces();

        var fault = Assert.Single(await traces.FindAsync("10:00:00 lb-rcv " + text));

        Assert.Equal((FaultCauses.RecoveryKeyOutOfOrder, "Recovery", certainty, "B"), (fault.Cause, fault.Phase, fault.Certainty, fault.Side));
        Assert.Contains("Recovery Process Assert", fault.Source, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_assertion_that_is_not_known_is_told_as_itself_and_a_loop_as_a_loop()
    {
        using var traces = new Traces();
        const string assertion = "10:00:00 Fail: Assertion failed: x == y. File: a.cpp. Line 1";
        const string start = "10:00:05 Initializing Event Management System (EMS) Library.";

        var once = Assert.Single(await traces.FindAsync(start, assertion));
        var twiceWithoutStart = Assert.Single(await traces.FindAsync(assertion, assertion));
        var loop = Assert.Single(await traces.FindAsync(assertion, start, assertion, start, assertion));

        Assert.Equal((FaultCauses.AssertionFailed, FaultCauses.AssertionFailed, FaultCauses.AssertionLoop), (once.Cause, twiceWithoutStart.Cause, loop.Cause));
        Assert.Contains("x == y", loop.Message, StringComparison.Ordinal);
        Assert.Contains("3 times", loop.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MDS is not in service.", FaultCauses.MdsNotInService)]
    [InlineData("MDS is out of service.", FaultCauses.MdsNotInService)]
    [InlineData("Connection to MDS process lost.", FaultCauses.MdsNotInService)]
    [InlineData("Synchronizer switching to isolated-enabled state.", FaultCauses.PrivateNetworkLost)]
    [InlineData("Communication with peer Synchronizer lost.", FaultCauses.PrivateNetworkLost)]
    [InlineData("The private network is down.", FaultCauses.PrivateNetworkLost)]
    [InlineData("The transaction log for database 'x_sideA' is full.", FaultCauses.DatabaseFull)]
    [InlineData("Could not allocate space for object 't' in database 'x' because the 'PRIMARY' filegroup is full.", FaultCauses.DatabaseFull)]
    public async Task A_line_that_states_it_is_a_finding(string text, string cause)
    {
        using var traces = new Traces();

        Assert.Equal(cause, Assert.Single(await traces.FindAsync("10:00:00 " + text)).Cause);
    }

    [Theory]
    [InlineData("MDS is not in service.", "MDS is in service.")]
    [InlineData("Connection to MDS process lost.", "MDS is in service.")]
    [InlineData("Communication with peer Synchronizer lost.", "Communication with peer Synchronizer established.")]
    [InlineData("Synchronizer switching to isolated-enabled state.", "Synchronizer switching to paired-enabled state.")]
    public async Task What_is_over_is_no_finding(string broken, string healed)
    {
        using var traces = new Traces();

        Assert.Empty(await traces.FindAsync("10:00:00 " + broken, "10:00:09 " + healed));
        Assert.Single(await traces.FindAsync("10:00:00 " + broken, "10:00:09 " + healed, "10:00:20 " + broken));
    }

    [Fact]
    public async Task A_schema_that_the_Logger_does_not_work_with_is_told()
    {
        using var traces = new Traces();

        var fault = Assert.Single(await traces.FindAsync(
            "10:00:00 Trace: Database uses Major Version 77, CC Minor Version 4 of the Schema",
            "10:00:00 Trace: Logger Compatible with Major Version 78, CC Minor Version 1 of the Schema"));

        Assert.Equal(FaultCauses.SchemaVersionDiffers, fault.Cause);
        Assert.Contains("77, CC Minor Version 4", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_code_of_a_failed_transfer_is_explained_from_the_line_that_its_trace_has()
    {
        using var traces = new Traces();
        foreach (var code in typeof(ErrorCodes).GetFields().Select(field => (string)field.GetRawConstantValue()!))
        {
            var id = Guid.NewGuid();

            var fault = Assert.Single(await traces.FindAsync(
                $"10:00:00 {TransferTrace.FailureLine(id, code, "Apply", "x[1]", "'/tmp/a' is bad: Assertion failed, MDS is not in service.")}",
                "10:00:00 Trace: Remedy: Do this."));

            Assert.Equal((code, "x(1)", "Apply", FaultCertainty.Certain, "Do this."), (fault.Cause, fault.Side, fault.Phase, fault.Certainty, fault.Remedy));
            Assert.NotEmpty(fault.RemedyCommand);
        }
    }

    [Fact]
    public async Task A_resume_that_completes_ends_the_finding()
    {
        using var traces = new Traces();
        var id = Guid.NewGuid();

        Assert.Empty(await traces.FindAsync(
            $"10:00:00 {TransferTrace.FailureLine(id, ErrorCodes.ConnectionLost, "Apply", null, "gone")}",
            $"10:09:00 State transfer {id} has ended: Completed, 1 rows inserted, 0 updated, 0 deleted, verified AllRows."));
    }

    [Fact]
    public async Task A_healthy_trace_gives_nothing()
    {
        using var traces = new Traces();
        var healthy = File.ReadAllLines(Traces.Sample("receiver-side-a.txt")).TakeWhile(line => !line.Contains("RECEIVE", StringComparison.Ordinal));

        Assert.Empty(await traces.FindAsync([.. healthy, "23:27:10 Trace: Thread[7]: Commit Config Transaction 5"]));
        Assert.Empty(await traces.FindAsync("10:00:00 Trace: Starting config checksum, updateKey = 5"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("just\nwords\n")]
    [InlineData("MDS is not in service.\n")]
    public async Task A_file_that_is_no_trace_is_told(string text)
    {
        using var traces = new Traces();

        var fault = Assert.Single(await Traces.FindInAsync(traces.WriteText("x.txt", text)), fault => fault.Cause == FaultCauses.NotATrace);

        Assert.Equal(traces.At("x.txt"), fault.Path);
    }

    [Theory]
    [InlineData("310466685004.0", 310466685004L)]
    [InlineData("310466685004.000", 310466685004L)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("9007199254740993.0", 9007199254740993L)]
    [InlineData("310466685004.5", null)]
    [InlineData("9223372036854775808", null)]
    [InlineData("-5", null)]
    [InlineData("none", null)]
    public void An_update_key_is_read_exactly_or_not_at_all(string text, long? key) => Assert.Equal(key, FactText.Key(text));

    [Fact]
    public void Rules_of_a_group_stand_together_and_name_their_source()
    {
        var groups = LineRules.All.Select(rule => rule.Group).ToList();

        Assert.Equal(groups.Distinct().Count(), groups.Where((group, i) => i == 0 || groups[i - 1] != group).Count());
        Assert.All(LineRules.All, rule => Assert.NotEmpty(rule.Source));
        Assert.All(LineRules.All, rule => Assert.NotEmpty(rule.Command));
    }
}
