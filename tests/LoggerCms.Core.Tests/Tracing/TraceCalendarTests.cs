namespace LoggerCms.Core.Tests.Tracing;

/// <summary>What date a line has when only its time of day stands there.</summary>
public sealed class TraceCalendarTests
{
    [Fact]
    public async Task Midnight_begins_the_next_day()
        => await GivesAsync(["23:59:58", "00:00:01", "09:00:00"], ["3 23:59:58", "4 00:00:01", "4 09:00:00"]);

    [Fact]
    public async Task A_quiet_night_begins_the_next_day_too()
        => await GivesAsync(["14:00:00", "09:30:00"], ["3 14:00:00", "4 09:30:00"]);

    [Fact]
    public async Task A_long_pause_in_a_day_stays_in_it()
        => await GivesAsync(["00:00:05", "23:59:00"], ["3 00:00:05", "3 23:59:00"]);

    [Fact]
    public async Task A_clock_that_is_set_back_by_an_hour_stays_in_its_day()
        => await GivesAsync(["02:59:59", "02:00:00", "03:10:00"], ["3 02:59:59", "3 02:00:00", "3 03:10:00"]);

    [Fact]
    public async Task A_clock_that_is_set_back_by_two_hours_after_midnight_stays_in_its_day()
        => await GivesAsync(["02:00:00", "00:30:00"], ["3 02:00:00", "3 00:30:00"]);

    [Fact]
    public async Task Another_processs_late_line_belongs_to_the_day_before()
        => await GivesAsync(["23:59:59", "00:00:00", "23:59:59", "00:00:01"], ["3 23:59:59", "4 00:00:00", "3 23:59:59", "4 00:00:01"]);

    [Fact]
    public async Task A_date_line_is_right_whatever_came_before()
    {
        using var traces = new Traces();

        var lines = await traces.ReadLinesAsync(
            "Events from 2005-02-03:", "23:59:59 a", "Events from 2005-02-04:", "23:30:00 b", "Events from 2005-02-09:", "00:00:00 c");

        Assert.Equal(["3 23:59:59", "4 23:30:00", "9 00:00:00"], lines.Select(line => line.Time!.Value.ToString("d HH:mm:ss")));
    }

    [Fact]
    public async Task Without_any_date_there_is_none()
    {
        using var traces = new Traces();

        var lines = await traces.ReadLinesAsync("23:59:59 a", "00:00:01 b");

        Assert.All(lines, line => Assert.Null(line.Time));
    }

    [Fact]
    public async Task The_last_day_of_all_has_no_next_one()
    {
        using var traces = new Traces();

        var lines = await traces.ReadLinesAsync("Events from 9999-12-31:", "23:59:60 a", "00:00:01 b");

        Assert.Equal(2, lines.Count);
    }

    private static async Task GivesAsync(string[] times, string[] expected)
    {
        using var traces = new Traces();
        var path = traces.Write("trace.txt", [.. times.Select(time => $"{time} x")]);

        var lines = await Traces.ReadAsync(path, request => request with { Date = new DateOnly(2005, 2, 3) });

        Assert.Equal(expected, lines.Select(line => line.Time!.Value.ToString("d HH:mm:ss")));
    }
}
