namespace LoggerCms.Core.Tracing;

/// <summary>What stands before the text of a message, in any of the three forms.</summary>
internal ref struct TraceHeader
{
    private const int FewestChars = 7;

    public TimeSpan TimeOfDay;
    public TimeSpan? UtcOffset;
    public DateOnly? Date;
    public ReadOnlySpan<char> Host;
    public ReadOnlySpan<char> Component;
    public ReadOnlySpan<char> Process;
    public ReadOnlySpan<char> Severity;
    public int? ThreadId;
    public bool IsTrace;

    /// <summary>The message's first line, as it stands there.</summary>
    public ReadOnlySpan<char> Text;

    /// <summary>Reads a line that begins a message. A line that does not is a wrapped one, or no line of a trace.</summary>
    /// <param name="line">Without its end.</param>
    /// <param name="isDump">The trace has shown that it is the output of dumplog, so that any name may stand after the time.</param>
    /// <param name="header">What was read.</param>
    public static bool TryRead(ReadOnlySpan<char> line, bool isDump, out TraceHeader header)
    {
        header = default;
        if (line.Length < FewestChars || !(char.IsAsciiDigit(line[0]) || line[0] == '<'))
            return false;
        if (line[0] == '<' || line.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon && !line[..colon].ContainsAnyExceptInRange('0', '9'))
            return SyslogHeader.TryRead(line, ref header);
        if (!TryReadTime(line, out header.TimeOfDay, out var length))
            return false;
        var rest = line[length..];
        if (rest.Length > 0 && rest[0] is not (' ' or '\t'))
            return false;
        rest = rest.TrimStart(" \t");
        if (TryReadOffset(rest, out var offset, out length))
        {
            header.UtcOffset = offset;
            rest = rest[length..].TrimStart(" \t");
        }

        if (TryReadNames(rest, isDump, out var component, out var process))
        {
            header.Component = component;
            header.Process = process;
            rest = rest[(component.Length + 1 + process.Length)..].TrimStart(" \t");
        }

        ReadText(rest, ref header);
        return true;
    }

    /// <summary><c>Trace:</c> and <c>Thread[n]:</c> before the text, and the severity that the text begins with.</summary>
    public static void ReadText(ReadOnlySpan<char> text, ref TraceHeader header)
    {
        if (text.StartsWith("Trace:", StringComparison.Ordinal))
        {
            header.IsTrace = true;
            if (header.Severity.IsEmpty)
                header.Severity = "Trace";
            text = text["Trace:".Length..].TrimStart(" \t");
        }
        else if (header.Severity.IsEmpty)
        {
            header.Severity = text switch
            {
                _ when text.StartsWith("Fail:", StringComparison.Ordinal) => "Fail",
                _ when text.StartsWith("Error:", StringComparison.Ordinal) => "Error",
                _ when text.StartsWith("Warning:", StringComparison.Ordinal) => "Warning",
                _ => default,
            };
        }

        const string thread = "Thread[";
        if (text.StartsWith(thread, StringComparison.Ordinal)
            && text.IndexOf("]:", StringComparison.Ordinal) is > 0 and var end && int.TryParse(text[thread.Length..end], out var id) && id >= 0)
        {
            header.ThreadId = id;
            text = text[(end + 2)..].TrimStart(" \t");
        }

        header.Text = text;
    }

    /// <summary><c>H:mm:ss</c>, with a fraction after a dot, a comma or (three digits, as dumplog /ms has it) a colon.</summary>
    public static bool TryReadTime(ReadOnlySpan<char> text, out TimeSpan time, out int length)
    {
        time = default;
        length = 0;
        var hourDigits = text.Length > 1 && text[1] == ':' ? 1 : 2;
        if (text.Length < hourDigits + 6 || text[hourDigits] != ':' || text[hourDigits + 3] != ':'
            || !TryNumber(text[..hourDigits], 23, out var hour)
            || !TryNumber(text.Slice(hourDigits + 1, 2), 59, out var minute)
            || !TryNumber(text.Slice(hourDigits + 4, 2), 60, out var second))
        {
            return false;
        }

        length = hourDigits + 6;
        time = new TimeSpan(hour, minute, second);
        if (text.Length > length + 1 && text[length] is '.' or ',' or ':')
        {
            var fraction = text[(length + 1)..];
            var digits = fraction.IndexOfAnyExceptInRange('0', '9') is var stop and >= 0 ? stop : fraction.Length;
            if (digits is >= 1 and <= 7 && (text[length] != ':' || digits == 3))
            {
                var ticks = long.Parse(fraction[..digits], System.Globalization.CultureInfo.InvariantCulture);
                for (var i = digits; i < 7; i++)
                    ticks *= 10;
                time += TimeSpan.FromTicks(ticks);
                length += 1 + digits;
            }
        }

        return true;
    }

    /// <summary><c>+hh:mm</c> or <c>+hhmm</c>, with nothing but a blank behind it.</summary>
    public static bool TryReadOffset(ReadOnlySpan<char> text, out TimeSpan offset, out int length)
    {
        offset = default;
        length = 0;
        if (text.Length < 5 || text[0] is not ('+' or '-'))
            return false;
        var minuteAt = text[3] == ':' ? 4 : 3;
        if (text.Length < minuteAt + 2 || !TryNumber(text.Slice(1, 2), 14, out var hours) || !TryNumber(text.Slice(minuteAt, 2), 59, out var minutes))
            return false;
        length = minuteAt + 2;
        if (text.Length > length && text[length] is not (' ' or '\t' or ':'))
            return false;
        offset = new TimeSpan(hours, minutes, 0);
        if (text[0] == '-')
            offset = -offset;
        return true;
    }

    /// <summary>
    /// <c>component-process</c> as dumplog prints it: <c>la-lgr</c>, <c>cg1A-ctisvr</c>. Plain words may hold a hyphen too,
    /// so that outside of a known dump only the components that ICM has are taken for one.
    /// </summary>
    public static bool TryReadNames(ReadOnlySpan<char> text, bool isDump, out ReadOnlySpan<char> component, out ReadOnlySpan<char> process)
    {
        component = process = default;
        var token = text.IndexOfAny(' ', '\t') is var end and >= 0 ? text[..end] : text;
        var hyphen = token.IndexOf('-');
        if (hyphen is < 1 or > 12 || hyphen + 2 > token.Length || token.Length - hyphen > 24)
            return false;
        var before = token[..hyphen];
        var after = token[(hyphen + 1)..];
        foreach (var c in after)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
                return false;
        }

        foreach (var c in before)
        {
            if (!char.IsAsciiLetterOrDigit(c))
                return false;
        }

        if (!isDump && !IsComponent(before))
            return false;
        component = before;
        process = after;
        return true;
    }

    private static bool IsComponent(ReadOnlySpan<char> name)
    {
        // Letters of the kind, a number, the side.
        var letters = 0;
        while (letters < name.Length && char.IsAsciiLetter(name[letters]))
            letters++;
        var digits = letters;
        while (digits < name.Length && char.IsAsciiDigit(name[digits]))
            digits++;
        if (digits > letters)
            return (digits == name.Length || (digits == name.Length - 1 && IsSide(name[^1]))) && IsKind(name[..letters]);
        return IsKind(name) || (name.Length > 1 && IsSide(name[^1]) && IsKind(name[..^1]));
    }

    private static bool IsSide(char c) => c is 'a' or 'b' or 'A' or 'B';

    private static bool IsKind(ReadOnlySpan<char> letters)
        => letters.Length switch
        {
            1 => (letters[0] | 0x20) is 'l' or 'r',
            2 => letters.Equals("pg", StringComparison.OrdinalIgnoreCase) || letters.Equals("cg", StringComparison.OrdinalIgnoreCase)
                || letters.Equals("aw", StringComparison.OrdinalIgnoreCase) || letters.Equals("rt", StringComparison.OrdinalIgnoreCase),
            3 => letters.Equals("dis", StringComparison.OrdinalIgnoreCase) || letters.Equals("hds", StringComparison.OrdinalIgnoreCase)
                || letters.Equals("rgr", StringComparison.OrdinalIgnoreCase) || letters.Equals("nic", StringComparison.OrdinalIgnoreCase),
            _ => false,
        };

    internal static bool TryNumber(ReadOnlySpan<char> digits, int most, out int value)
    {
        value = 0;
        foreach (var c in digits)
        {
            if (!char.IsAsciiDigit(c))
                return false;
            value = value * 10 + (c - '0');
        }

        return digits.Length > 0 && value <= most;
    }
}
