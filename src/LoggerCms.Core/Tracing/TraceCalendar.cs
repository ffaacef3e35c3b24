using System.Globalization;

namespace LoggerCms.Core.Tracing;

/// <summary>Keeps the date of a trace whose lines say only the time of day.</summary>
internal sealed class TraceCalendar(DateOnly? start)
{
    /// <summary>
    /// A clock that goes back by no more than this was set back (daylight saving, a correction, another process's line that came late);
    /// one that goes back further has passed midnight.
    /// </summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromHours(2);

    private static readonly string[] Forms =
    [
        "yyyy-MM-dd", "MMMM d, yyyy", "MMM d, yyyy", "MMMM dd, yyyy", "dddd, MMMM d, yyyy", "ddd MMM d yyyy", "MMMM d yyyy", "MMM d yyyy",
        "M/d/yyyy", "MM/dd/yyyy", "M/d/yy", "MM/dd/yy",
    ];

    /// <summary>Another process's last lines of a day may come after the first ones of the next.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromMinutes(10);

    private DateOnly? _date = start;
    private TimeSpan? _last;
    private bool _passedMidnight;

    /// <summary>Reads <c>Events from DATE</c>. Months come before days, as dumplog's own options have them.</summary>
    public static bool TryReadDateLine(ReadOnlySpan<char> line, out DateOnly date)
    {
        const string mark = "Events from ";
        date = default;
        if (!line.StartsWith(mark, StringComparison.OrdinalIgnoreCase))
            return false;
        var text = line[mark.Length..].Trim().TrimEnd(':').TrimEnd();
        return DateOnly.TryParseExact(text, Forms, CultureInfo.InvariantCulture, DateTimeStyles.AllowWhiteSpaces, out date);
    }

    /// <summary>The trace has named the date of what follows.</summary>
    public void Set(DateOnly date)
    {
        // It is right, whatever the time of day did: the first line after it may come at any hour.
        _last = null;
        _passedMidnight = false;
        _date = date;
    }

    /// <summary>The date and time of a line; null while no date is known.</summary>
    public DateTime? Date(TimeSpan timeOfDay)
    {
        var date = _date;
        if (_last is { } last && date is { } today)
        {
            if (last - timeOfDay > Lateness && today < DateOnly.MaxValue)
            {
                date = _date = today.AddDays(1);
                _passedMidnight = true;
            }
            else if (_passedMidnight && last < Overlap && timeOfDay > TimeSpan.FromDays(1) - Overlap)
            {
                return At(today.AddDays(-1), timeOfDay);
            }
        }

        _last = timeOfDay;
        return date is { } known ? At(known, timeOfDay) : null;
    }

    /// <summary>A line that carries its own date.</summary>
    public DateTime Date(DateOnly date, TimeSpan timeOfDay)
    {
        Set(date);
        _last = timeOfDay;
        return At(date, timeOfDay);
    }

    // 23:59:60 is a leap second: the next day's midnight.
    private static DateTime At(DateOnly date, TimeSpan timeOfDay)
    {
        var midnight = date.ToDateTime(TimeOnly.MinValue);
        return timeOfDay < DateTime.MaxValue - midnight ? midnight + timeOfDay : DateTime.MaxValue;
    }
}
