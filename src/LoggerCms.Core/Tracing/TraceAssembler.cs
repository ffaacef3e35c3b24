using System.Text;

namespace LoggerCms.Core.Tracing;

/// <summary>
/// Makes messages of lines: takes one physical line after the other and gives a message when the next one begins. Holds one message,
/// so its memory is bounded by <see cref="MaxMessage"/>.
/// </summary>
internal sealed class TraceAssembler(string? path, DateOnly? date)
{
    /// <summary>Characters of a message; what is longer is cut with <see cref="CutMark"/>.</summary>
    public const int MaxMessage = 65_536;

    public const string CutMark = " … [cut]";
    private const int MaxRubbish = 256;
    private const int Sample = 256;

    private readonly TraceCalendar _calendar = new(date);
    private readonly StringBuilder _more = new();
    private readonly Names _names = new();
    private LoggerTraceLine? _pending;
    private bool _cut;
    private bool _isDump;

    /// <summary>The messages that are complete. The caller takes them out.</summary>
    public List<LoggerTraceLine> Ready { get; } = [];

    /// <summary>Lines that began a message with a time.</summary>
    public long Messages { get; private set; }

    public void Add(ReadOnlySpan<char> line, long number, bool cut)
    {
        if (TraceHeader.TryRead(line, _isDump, out var header))
        {
            Flush();
            Begin(header, number, cut);
            return;
        }

        if (TraceCalendar.TryReadDateLine(line, out var day))
        {
            Flush();
            _calendar.Set(day);
            _isDump = true;
            return;
        }

        if (IsRubbish(line))
        {
            Flush();
            AddUntimed(line.Length > MaxRubbish ? line[..MaxRubbish] : line, number, cut || line.Length > MaxRubbish);
        }
        else if (_pending is not null)
        {
            Continue(line, cut);
        }
        else if (!line.IsWhiteSpace())
        {
            AddUntimed(line, number, cut);
        }
    }

    /// <summary>Completes the message that is under way.</summary>
    public void Flush()
    {
        if (_pending is not { } message)
            return;
        if (_more.Length > 0 || _cut)
            message = message with { Message = Join(message.Message) };
        Ready.Add(message);
        _pending = null;
        _more.Clear();
        _cut = false;
    }

    private void Begin(in TraceHeader header, long number, bool cut)
    {
        Messages++;
        _isDump |= !header.Component.IsEmpty && header.Date is null;
        var text = header.Text.Length > MaxMessage ? header.Text[..MaxMessage] : header.Text;
        _cut = cut || text.Length < header.Text.Length;
        _pending = new LoggerTraceLine
        {
            Time = header.Date is { } own ? _calendar.Date(own, header.TimeOfDay) : _calendar.Date(header.TimeOfDay),
            TimeOfDay = header.TimeOfDay,
            UtcOffset = header.UtcOffset,
            Host = _names.Of(header.Host),
            Component = _names.Of(header.Component),
            Process = _names.Of(header.Process),
            ThreadId = header.ThreadId,
            IsTrace = header.IsTrace,
            Severity = _names.Of(header.Severity),
            Message = Decode(text),
            Line = number,
            Path = path,
        };
    }

    // After a tab comes a line of the message as the writer had it; anything else is a line that was wrapped for want of room.
    private void Continue(ReadOnlySpan<char> line, bool cut)
    {
        var exact = line.Length > 0 && line[0] == '\t';
        var text = exact ? line[1..] : line.Trim();
        if (_cut || (!exact && text.IsEmpty))
            return;
        var room = MaxMessage - _pending!.Message.Length - _more.Length - 1;
        if (room < text.Length)
        {
            text = text[..Math.Max(0, room)];
            cut = true;
        }

        if (exact)
            _more.Append('\n');
        else if (_more.Length > 0 || _pending.Message.Length > 0)
            _more.Append(' ');
        if (text.Contains(TraceEscape.Mark))
            TraceEscape.AppendDecoded(_more, text);
        else
            _more.Append(text);
        _cut = cut;
    }

    private string Join(string first)
        => _cut ? string.Concat(first, _more.ToString(), CutMark) : string.Concat(first, _more.ToString());

    private void AddUntimed(ReadOnlySpan<char> line, long number, bool cut)
        => Ready.Add(new LoggerTraceLine
        {
            Message = cut || line.Length > MaxMessage ? string.Concat(line[..Math.Min(line.Length, MaxMessage)], CutMark) : line.ToString(),
            Line = number,
            Path = path,
        });

    private string Decode(ReadOnlySpan<char> text)
    {
        if (!text.Contains(TraceEscape.Mark))
            return text.ToString();
        var decoded = new StringBuilder(text.Length);
        TraceEscape.AppendDecoded(decoded, text);
        return decoded.ToString();
    }

    /// <summary>Whether a line is no text at all, so that it belongs to no message.</summary>
    private static bool IsRubbish(ReadOnlySpan<char> line)
    {
        if (line.Contains('\0'))
            return true;
        var sample = line.Length > Sample ? line[..Sample] : line;
        var controls = 0;
        foreach (var c in sample)
        {
            if ((char.IsControl(c) && c != '\t') || c == '\uFFFD')
                controls++;
        }

        return controls > sample.Length / 8;
    }

    /// <summary>The few names of a trace, each once in memory.</summary>
    private sealed class Names
    {
        private const int Most = 256;
        private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

        public Names() => _lookup = _known.GetAlternateLookup<ReadOnlySpan<char>>();

        public string? Of(ReadOnlySpan<char> name)
        {
            if (name.IsEmpty)
                return null;
            if (_lookup.TryGetValue(name, out var known))
                return known;
            known = name.ToString();
            if (_known.Count < Most)
                _known.Add(known, known);
            return known;
        }
    }
}
