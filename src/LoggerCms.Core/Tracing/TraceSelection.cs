using System.Globalization;

namespace LoggerCms.Core.Tracing;

/// <summary>Which messages are wanted: those between two points, and of these the last ones.</summary>
internal sealed class TraceSelection(TraceReadRequest request)
{
    private readonly Queue<LoggerTraceLine> _tail = new();
    private bool _keepsTail = request.Tail is not null;
    private long _undated;

    /// <summary>Moves what is wanted of <paramref name="lines"/> to <paramref name="wanted"/>, or keeps it for the end.</summary>
    public void Take(List<LoggerTraceLine> lines, List<LoggerTraceLine> wanted)
    {
        foreach (var line in lines)
        {
            if (!IsWanted(line))
                continue;
            if (!_keepsTail)
            {
                wanted.Add(line);
                continue;
            }

            _tail.Enqueue(line);
            if (_tail.Count > request.Tail)
                _tail.Dequeue();
        }

        lines.Clear();
    }

    /// <summary>The end of what is there: what was kept for it. From here on everything wanted is given at once.</summary>
    public void End(List<LoggerTraceLine> wanted)
    {
        wanted.AddRange(_tail);
        _tail.Clear();
        _keepsTail = false;
    }

    /// <summary>What the user should know at the end, or null.</summary>
    public string? Note() => _undated == 0
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{request.Path}: {_undated} messages were left out, because their date is not known. Give the date of the first one with -Date, or a time of day alone to -After and -Before.");

    private bool IsWanted(LoggerTraceLine line)
    {
        if (request.After is null && request.Before is null)
            return true;
        var (after, before) = (request.After?.Compare(line), request.Before?.Compare(line));
        if ((request.After is not null && after is null) || (request.Before is not null && before is null))
        {
            _undated += line.TimeOfDay is null ? 0 : 1;
            return false;
        }

        return after is null or >= 0 && before is null or <= 0;
    }
}
