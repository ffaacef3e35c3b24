namespace LoggerCms.Core.Tests.Tracing;

/// <summary>What the traces of two sides tell together, and what they do not.</summary>
public sealed class FaultPairsTests
{
    [Fact]
    public async Task The_seeds_two_traces_cannot_be_one_incident()
    {
        var faults = await Traces.FindInAsync(Traces.Sample("receiver-side-a.txt"), Traces.Sample("sender-side-b.txt"));

        Assert.Equal(
            [FaultCauses.AccessDenied, FaultCauses.MemoryStateNotTransferred, FaultCauses.TracesDoNotBelongTogether, FaultCauses.SenderTraceNeeded],
            faults.Select(fault => fault.Cause));
        var stranger = faults[2];
        Assert.Contains("310473991055", stranger.Message, StringComparison.Ordinal);
        Assert.Contains("309975091099", stranger.Message, StringComparison.Ordinal);
        Assert.Contains("23:27:03", stranger.Message, StringComparison.Ordinal);
        Assert.Equal(("B", "A"), (faults[0].Side, faults[3].Side));
    }

    [Fact]
    public async Task Traces_of_one_incident_give_its_cause_and_ask_for_nothing_more()
    {
        string[] causes = [FaultCauses.AccessDenied, FaultCauses.MemoryStateNotTransferred];

        Assert.Equal(causes, (await Traces.FindInAsync(Traces.Sample("incident-side-a.txt"), Traces.Sample("incident-side-b.txt"))).Select(fault => fault.Cause));
        Assert.Equal(causes, (await Traces.FindInAsync([Traces.Sample("incident-side-b.txt"), Traces.Sample("incident-side-a.txt")])).Select(fault => fault.Cause));
    }

    [Fact]
    public async Task A_receiver_alone_tells_nothing_and_asks_for_the_senders_trace()
    {
        var fault = Assert.Single(await Traces.FindInAsync([Traces.Sample("receiver-side-a.txt")]));

        Assert.Equal((FaultCauses.SenderTraceNeeded, "A", FaultCertainty.Likely), (fault.Cause, fault.Side, fault.Certainty));
        Assert.Contains("-SideB (Read-Host", fault.RemedyCommand, StringComparison.Ordinal);
        Assert.Contains("side B", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_waited_and_started_anew_is_certain()
    {
        using var traces = new Traces();
        string[] attempt =
        [
            "10:00:00 Initializing Event Management System (EMS) Library.",
            "10:00:01 Initiating state transfer RECEIVE operation.",
            "10:00:11 Trace: NodeManagerHandler: Logger Waiting for MDS Messages",
        ];

        var fault = Assert.Single(await traces.FindAsync([.. attempt, .. attempt]));

        Assert.Equal((FaultCauses.SenderTraceNeeded, FaultCertainty.Certain), (fault.Cause, fault.Certainty));
    }

    [Theory]
    [InlineData("10:00:12 Trace: Commit Config Transaction 7")]
    [InlineData("10:00:12 Trace: state transfer RECEIVE operation completed.")]
    public async Task A_receiver_that_went_on_is_no_finding(string next)
    {
        using var traces = new Traces();

        Assert.Empty(await traces.FindAsync("10:00:01 Initiating state transfer RECEIVE operation.", next, "10:00:20 Trace: Logger Waiting for MDS Messages"));
    }

    [Fact]
    public async Task Checksums_count_only_under_the_same_key()
    {
        using var traces = new Traces();
        var a = traces.Write("a.txt", Config(1, 100, 5, 700));

        Assert.Equal(FaultCauses.ChecksumDiffers, Assert.Single(await Traces.FindInAsync(a, traces.Write("b.txt", Config(1, 100, 6, 700)))).Cause);
        Assert.Equal(FaultCauses.ChecksumDiffers, Assert.Single(await Traces.FindInAsync(a, traces.Write("b.txt", Config(2, 100, 5, 700)))).Cause);
        Assert.Empty(await Traces.FindInAsync(a, traces.Write("b.txt", Config(1, 100, 5, 700))));
        Assert.Empty(await Traces.FindInAsync(a, traces.Write("b.txt", Config(1, 100, 6, 701))));
    }

    [Fact]
    public async Task Sort_orders_and_schema_versions_that_differ_are_told()
    {
        using var traces = new Traces();
        var a = traces.Write("a.txt", "10:00:00 Trace: SQL Server sort order is Latin1_General_BIN", "10:00:00 Trace: Database uses Major Version 77, CC Minor Version 4 of the Schema");
        var b = traces.Write("b.txt", "10:00:00 Trace: SQL Server sort order is Latin1_General_CI_AS", "10:00:00 Trace: Database uses Major Version 77, CC Minor Version 5 of the Schema");

        var faults = await Traces.FindInAsync(a, b);

        Assert.Equal([FaultCauses.SchemaVersionDiffers, FaultCauses.SortOrderDiffers], faults.Select(fault => fault.Cause));
        Assert.All(faults, fault => Assert.Equal("A, B", fault.Side));
        Assert.Empty(await Traces.FindInAsync(a, a + string.Empty));
    }

    [Fact]
    public async Task Nothing_is_concluded_from_two_traces_that_do_not_belong_together()
    {
        using var traces = new Traces();
        var a = traces.Write("a.txt", Config(1, 100, 5, 700));
        var b = traces.Write("b.txt", Config(1, 100, 6, 700), "10:00:00 Trace: LastUpdateKey for A Configuration is 650.0");

        Assert.Equal(FaultCauses.TracesDoNotBelongTogether, Assert.Single(await Traces.FindInAsync(a, b)).Cause);
    }

    [Theory]
    [InlineData("Feb 03 2005 10:00:00 +0000", "Feb 03 2005 10:30:00 +0000", FaultCertainty.Certain)]
    [InlineData("Feb 03 2005 10:00:00 +0000", "Feb 03 2005 05:05:00 -0500", null)]
    [InlineData("Feb 03 2005 10:00:00 XYZ", "Feb 03 2005 20:00:00 XYZ", null)]
    [InlineData("Feb 03 2005 10:00:00 XYZ", "Feb 05 2005 20:00:00 XYZ", FaultCertainty.Likely)]
    public async Task Times_that_no_zone_explains_speak_against_one_incident(string one, string other, FaultCertainty? certainty)
    {
        using var traces = new Traces();
        var a = traces.Write("a.txt", $"1: h: {one}: %ICM_X-6-1: [comp=Logger-A][pname=lgr]: x");
        var b = traces.Write("b.txt", $"1: h: {other}: %ICM_X-6-1: [comp=Logger-B][pname=lgr]: x");

        var faults = await Traces.FindInAsync([a, b]);

        Assert.Equal(certainty, faults.SingleOrDefault(fault => fault.Cause == FaultCauses.TracesDoNotBelongTogether)?.Certainty);
    }

    [Fact]
    public async Task A_configuration_that_is_level_does_not_mean_that_the_memory_is()
    {
        using var traces = new Traces();
        const string level = "10:00:00 The Logger has completed Database Synchronization, 200 Config Message Log Entries Sent.Seed = 1";

        var faults = await traces.FindAsync(level, "10:00:01 Trace: Unable to setup to use file in sending state.");

        Assert.Contains(faults, fault => fault is { Cause: FaultCauses.MemoryStateNotTransferred, Certainty: FaultCertainty.Certain });
        Assert.Empty(await traces.FindAsync(level));
    }

    private static string Config(int rows, int bytes, int checksum, int key)
        => $"10:00:00 Trace: Checksum config complete: Rows = {rows}, bytes = {bytes}, checksum = {checksum}, updateKey = {key}";
}
