namespace LoggerCms.Core.Tests.Tracing;

/// <summary>The three forms of a line, and what is told of each.</summary>
public sealed class TraceFormsTests
{
    [Fact]
    public async Task Wrapped_lines_of_the_seeds_sender_are_put_together()
    {
        var lines = await Traces.ReadAsync(Traces.Sample("sender-side-b.txt"));

        Assert.Equal(9, lines.Count);
        Assert.All(lines, line => Assert.Equal(new TimeSpan(16, 47, 39), line.TimeOfDay));
        Assert.All(lines, line => Assert.Null(line.Time));
        Assert.Equal(2536, lines[0].ThreadId);
        Assert.Equal("Commit Config Transaction 2000000598", lines[0].Message);
        Assert.Equal("The Logger has completed Database Synchronization, 200 Config Message Log Entries Sent.Seed = 11088734", lines[5].Message);
        Assert.False(lines[5].IsTrace);
        Assert.Null(lines[5].Severity);
        Assert.Equal("Unable to GetTempFileName for temporary state transfer file. Last API Error [5]: Access is denied.", lines[6].Message);
        Assert.True(lines[6].IsTrace);
        Assert.Equal("Trace", lines[6].Severity);
        Assert.Equal([1, 2, 3, 4, 5, 6, 8, 10, 11], lines.Select(line => line.Line));
    }

    [Fact]
    public async Task The_seeds_receiver_names_no_component_in_a_word_with_a_hyphen()
    {
        var lines = await Traces.ReadAsync(Traces.Sample("receiver-side-a.txt"));

        Assert.Equal(27, lines.Count);
        Assert.All(lines, line => Assert.Null(line.Component));
        Assert.Contains(lines, line => line.Message == "DB-Library version 7.00.839.");
        Assert.Contains(lines, line => line.Message == @"EMS Server pipe <cust_inst>\LoggerA\lgrEMSPipe enabled for <cust_inst>\LoggerA\lgr");
    }

    [Theory]
    [InlineData("16:47:39 la-lgr Trace: x", "la", "lgr")]
    [InlineData("16:47:39 cg1A-ctisvr x", "cg1A", "ctisvr")]
    [InlineData("1:47:39 PG12b-pim1 x", "PG12b", "pim1")]
    [InlineData("16:47:39:123 ra-rtr x", "ra", "rtr")]
    [InlineData("16:47:39 re-sync begun", null, null)]
    [InlineData("16:47:39 Auto-recovery begun", null, null)]
    [InlineData("16:47:39 la- x", null, null)]
    public async Task Dumplog_names_component_and_process(string line, string? component, string? process)
    {
        using var traces = new Traces();

        var read = Assert.Single(await traces.ReadLinesAsync(line));

        Assert.Equal((component, process), (read.Component, read.Process));
    }

    [Fact]
    public async Task After_a_date_line_any_component_is_taken()
    {
        using var traces = new Traces();

        var lines = await traces.ReadLinesAsync("Events from February 3, 2005:", "16:47:39 xyz9-abc Fail: no");

        Assert.Equal(("xyz9", "abc", "Fail", "Fail: no"), (lines[0].Component, lines[0].Process, lines[0].Severity, lines[0].Message));
        Assert.Equal(new DateTime(2005, 2, 3, 16, 47, 39), lines[0].Time);
    }

    [Theory]
    [InlineData("February 3, 2005")]
    [InlineData("02/03/2005")]
    [InlineData("2/3/05")]
    [InlineData("2005-02-03")]
    [InlineData("Thursday, February 3, 2005:")]
    [InlineData("Feb 03, 2005:")]
    public async Task A_date_line_has_one_of_these_forms(string date)
    {
        using var traces = new Traces();

        var line = Assert.Single(await traces.ReadLinesAsync($"Events from {date}", "16:47:39 x"));

        Assert.Equal(new DateTime(2005, 2, 3, 16, 47, 39), line.Time);
    }

    [Fact]
    public async Task A_date_line_that_cannot_be_read_is_kept_as_text_and_gives_no_date()
    {
        using var traces = new Traces();

        var lines = await traces.ReadLinesAsync("Events from yesterday", "16:47:39 x");

        Assert.Equal("Events from yesterday", lines[0].Message);
        Assert.Null(lines[1].Time);
    }

    [Fact]
    public async Task Syslog_lines_name_everything()
    {
        var line = (await Traces.ReadAsync(Traces.Sample("syslog.txt")))[1];

        Assert.Equal(("lgr-a", "Logger-A", "lgr", "error"), (line.Host, line.Component, line.Process, line.Severity));
        Assert.Equal("MDS is not in service.", line.Message);
        Assert.Equal(new DateTime(2005, 2, 3, 16, 47, 3, 408), line.Time);
        Assert.Equal(TimeSpan.FromHours(-5), line.UtcOffset);
    }

    [Theory]
    [InlineData("25: h: Feb 13 2007 18:23:21.408 +0000: %ICM_Router-6-1: text", "Info", 0.0)]
    [InlineData("25: h: *Feb 13 2007 18:23:21 UTC: %ICM_Router-3-1: %[pname=rtr]: text", "Error", 0.0)]
    [InlineData("25: h: Feb  3 2007 18:23:21.4 EST: %ICM_Router-4-1: text", "Warning", null)]
    public async Task Syslog_lines_may_lack_what_is_not_needed(string text, string severity, double? offset)
    {
        using var traces = new Traces();

        var line = Assert.Single(await traces.ReadLinesAsync(text));

        Assert.Equal(("text", severity, offset), (line.Message, line.Severity, line.UtcOffset?.TotalHours));
        Assert.NotNull(line.Time);
    }

    [Theory]
    [InlineData("25: h: Feb 30 2007 18:23:21 UTC: %A-3-1: no such day")]
    [InlineData("25: h: Foo 13 2007 18:23:21 UTC: %A-3-1: no such month")]
    [InlineData("99:00:00 no such hour")]
    [InlineData("16:47 no seconds")]
    [InlineData("16:47:39x no blank")]
    [InlineData("<notanumber>25: h: x")]
    [InlineData("<")]
    public async Task What_only_looks_like_a_line_of_a_trace_is_text_without_a_time(string text)
    {
        using var traces = new Traces();

        var line = Assert.Single(await traces.ReadLinesAsync(text));

        Assert.Equal((text, (TimeSpan?)null), (line.Message, line.TimeOfDay));
    }

    [Theory]
    [InlineData("16:47:39.123 +01:00 Trace: x", 123, 1.0)]
    [InlineData("16:47:39,5 x", 500, null)]
    [InlineData("16:47:39 -0330 x", 0, -3.5)]
    [InlineData("16:47:39 +1 x", 0, null)]
    public async Task Milliseconds_and_offsets_are_read_where_they_stand(string text, int milliseconds, double? offset)
    {
        using var traces = new Traces();

        var line = Assert.Single(await traces.ReadLinesAsync(text));

        Assert.Equal((milliseconds, offset), (line.TimeOfDay!.Value.Milliseconds, line.UtcOffset?.TotalHours));
    }

    [Theory]
    [InlineData("16:47:39 Trace: Thread[x]: y", "Thread[x]: y")]
    [InlineData("16:47:39 Trace: Thread[-5]: y", "Thread[-5]: y")]
    [InlineData("16:47:39 Trace: Thread[5] y", "Thread[5] y")]
    [InlineData("16:47:39 Trace:", "")]
    [InlineData("16:47:39", "")]
    public async Task What_is_no_thread_stays_in_the_message(string text, string message)
    {
        using var traces = new Traces();

        var line = Assert.Single(await traces.ReadLinesAsync(text));

        Assert.Equal((message, (int?)null), (line.Message, line.ThreadId));
    }
}
