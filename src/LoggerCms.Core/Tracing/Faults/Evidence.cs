using System.Globalization;

namespace LoggerCms.Core.Tracing.Faults;

/// <summary>Lines that a finding rests on: the first ones, and how many there were.</summary>
internal sealed class Evidence
{
    private const int Most = 10;
    private const int MostChars = 400;
    private readonly List<LoggerTraceLine> _lines = [];

    public Evidence(params IEnumerable<LoggerTraceLine> lines)
    {
        foreach (var line in lines)
            Add(line);
    }

    public int Count { get; private set; }

    public LoggerTraceLine First => _lines[0];

    public LoggerTraceLine Last { get; private set; } = null!;

    public void Add(LoggerTraceLine line)
    {
        Count++;
        AddMore(line);
    }

    /// <summary>A line that goes with the others, and says nothing again.</summary>
    public void AddMore(LoggerTraceLine line)
    {
        Last = line;
        if (_lines.Count < Most)
            _lines.Add(line);
    }

    public IReadOnlyList<string> ToTexts() => [.. _lines.Select(Text)];

    private static string Text(LoggerTraceLine line)
    {
        var message = line.Message.Length > MostChars ? line.Message[..MostChars] + TraceAssembler.CutMark : line.Message;
        var time = line.TimeOfDay is { } ofDay ? ofDay.ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture) + " " : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{line.Path}:{line.Line}: {time}{message.ReplaceLineEndings(" ")}");
    }
}
