using System.Globalization;

namespace LoggerCms;

/// <summary>One message of a trace, with the lines that were wrapped off it.</summary>
public sealed record LoggerTraceLine
{
    /// <summary>
    /// Date and time as the line's machine had them, where the date is known: by a date line before it, by the line itself, or as given.
    /// Of kind Unspecified: what zone that machine was in stands in <see cref="UtcOffset"/>, where the line says it.
    /// </summary>
    public DateTime? Time { get; init; }

    /// <summary>The time of day; null for text that no time stands before (what comes before the first message, and binary rubbish).</summary>
    public TimeSpan? TimeOfDay { get; init; }

    public TimeSpan? UtcOffset { get; init; }

    /// <summary>The machine, in the syslog form.</summary>
    public string? Host { get; init; }

    /// <summary>The component: <c>la</c>, <c>Router-A</c>. Only dumplog and syslog lines name it.</summary>
    public string? Component { get; init; }

    /// <summary>The process: <c>lgr</c>, <c>rcv</c>.</summary>
    public string? Process { get; init; }

    public int? ThreadId { get; init; }

    /// <summary>The message stood after the word <c>Trace:</c>.</summary>
    public bool IsTrace { get; init; }

    /// <summary>As the line says it: <c>Trace</c>, <c>Fail</c>, <c>Error</c>, <c>Warning</c>, <c>Info</c> … Null where it says nothing.</summary>
    public string? Severity { get; init; }

    /// <summary>
    /// The text after time, names and the word Trace. Wrapped lines are joined by one blank, lines after a tab by a line feed;
    /// what is longer than 65,536 characters is cut with a mark.
    /// </summary>
    public required string Message { get; init; }

    /// <summary>The number of its first line in the file, from 1.</summary>
    public required long Line { get; init; }

    /// <summary>The file; null for text from a pipeline.</summary>
    public string? Path { get; init; }
}

/// <summary>A point to compare the lines of a trace with: a time of day, the same on every day, or a date with a time.</summary>
public sealed record TraceTime
{
    /// <param name="text"><c>16:47</c>, <c>16:47:39.5</c>, or a date with or without a time and an offset.</param>
    /// <exception cref="FormatException">The text is neither.</exception>
    public TraceTime(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (TimeOnly.TryParseExact(text.Trim(), ["H:mm", "H:mm:ss", "H:mm:ss.FFFFFFF"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            TimeOfDay = time.ToTimeSpan();
        else if (DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            Time = date;
        else
            throw new FormatException($"'{text}' is neither a time of day such as 16:47:39 nor a date with a time such as 2005-02-03 16:47.");
    }

    public TraceTime(DateTime time) => Time = time;

    public TraceTime(DateTimeOffset time) => Time = time.UtcDateTime;

    public TraceTime(TimeSpan timeOfDay) => TimeOfDay = timeOfDay;

    public TimeSpan? TimeOfDay { get; }

    /// <summary>Of kind Unspecified it is the clock of the machine that wrote the trace.</summary>
    public DateTime? Time { get; }

    /// <summary>Below zero where the line is earlier than this point, above where it is later; null where the line's date or time is not known.</summary>
    public int? Compare(LoggerTraceLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (TimeOfDay is { } ofDay)
            return line.TimeOfDay?.CompareTo(ofDay);
        if (line.Time is not { } time || Time is not { } point)
            return null;
        return line.UtcOffset is { } offset && point.Kind != DateTimeKind.Unspecified
            ? (time - offset).CompareTo(point.ToUniversalTime())
            : time.CompareTo(point);
    }

    public override string ToString()
        => TimeOfDay?.ToString("c", CultureInfo.InvariantCulture) ?? Time!.Value.ToString("s", CultureInfo.InvariantCulture);
}

/// <summary>What to read of one trace.</summary>
public sealed record TraceReadRequest
{
    /// <summary>The file's absolute path; also gzip. Its encoding is found out: UTF-8, UTF-16 with or without a mark, and Latin-1 for lines that are no UTF-8.</summary>
    public required string Path { get; init; }

    /// <summary>Go on as the file grows, also after it was renamed away or cut, until cancelled.</summary>
    public bool Wait { get; init; }

    /// <summary>Only messages at or after this point.</summary>
    public TraceTime? After { get; init; }

    /// <summary>Only messages at or before this point.</summary>
    public TraceTime? Before { get; init; }

    /// <summary>Only so many of the last messages; with <see cref="Wait"/>, of those that are there at the start.</summary>
    public int? Tail { get; init; }

    /// <summary>The date of the first message, for traces without a date line.</summary>
    public DateOnly? Date { get; init; }
}

/// <summary>Some messages of a trace in their order, and what the reader should know about them.</summary>
/// <param name="Lines">The messages.</param>
/// <param name="Notes">Such as that a file ends early; each is told once.</param>
public sealed record TraceBatch(IReadOnlyList<LoggerTraceLine> Lines, IReadOnlyList<string> Notes);
