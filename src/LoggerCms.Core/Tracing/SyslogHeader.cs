namespace LoggerCms.Core.Tracing;

/// <summary>
/// The form of Cisco's syslog feed and of <c>dumplog /ciscoLog</c>:
/// <c>&lt;134&gt;25: host: Feb 13 2007 18:23:21.408 +0000: %ICM_Router_CallRouter-6-10500FF: [comp=Router-A][pname=rtr][sev=info]: text</c>.
/// </summary>
internal static class SyslogHeader
{
    private const string Months = "JanFebMarAprMayJunJulAugSepOctNovDec";

    public static bool TryRead(ReadOnlySpan<char> line, ref TraceHeader header)
    {
        var rest = line;
        if (rest[0] == '<')
        {
            var end = rest.IndexOf('>');
            if (end is < 2 or > 5 || rest[1..end].ContainsAnyExceptInRange('0', '9'))
                return false;
            rest = rest[(end + 1)..];
        }

        var sequence = Take(ref rest, ": ");
        if (sequence.IsEmpty || sequence.ContainsAnyExceptInRange('0', '9'))
            return false;
        header.Host = Take(ref rest, ": ");
        if (header.Host.IsEmpty || header.Host.Contains(' ') || !TryReadDate(ref rest, ref header))
            return false;

        var zone = Take(ref rest, ": ");
        if (TraceHeader.TryReadOffset(zone, out var offset, out _))
            header.UtcOffset = offset;
        else if (zone is "Z" or "UTC" or "GMT")
            header.UtcOffset = TimeSpan.Zero;

        if (rest.StartsWith("%", StringComparison.Ordinal))
        {
            var application = Take(ref rest, ": ");
            if (application.IsEmpty)
                return false;
            header.Severity = OfLevel(application);
        }

        ReadTags(ref rest, ref header);
        TraceHeader.ReadText(rest, ref header);
        return true;
    }

    private static bool TryReadDate(ref ReadOnlySpan<char> rest, ref TraceHeader header)
    {
        if (rest.Length > 0 && rest[0] is '*' or '.')
            rest = rest[1..];
        if (rest.Length < 4 || rest[3] != ' ' || Months.AsSpan().IndexOf(rest[..3], StringComparison.Ordinal) is var at && (at < 0 || at % 3 != 0))
            return false;
        var month = at / 3 + 1;
        rest = rest[4..].TrimStart(' ');
        if (!TraceHeader.TryNumber(Take(ref rest, " "), 31, out var day) || !TraceHeader.TryNumber(Take(ref rest, " "), 9999, out var year)
            || year < 1 || day < 1 || day > DateTime.DaysInMonth(year, month)
            || !TraceHeader.TryReadTime(rest, out header.TimeOfDay, out var length))
        {
            return false;
        }

        header.Date = new DateOnly(year, month, day);
        rest = rest[length..].TrimStart(' ');
        return true;
    }

    /// <summary>Tags that nobody asks for stay in front of the text.</summary>
    private static void ReadTags(ref ReadOnlySpan<char> rest, ref TraceHeader header)
    {
        var tags = rest.StartsWith("%[", StringComparison.Ordinal) ? rest[1..] : rest;
        if (tags.IsEmpty || tags[0] != '[')
            return;
        while (!tags.IsEmpty && tags[0] == '[')
        {
            var end = tags.IndexOf(']');
            var tag = end < 0 ? default : tags[1..end];
            var equals = tag.IndexOf('=');
            if (equals < 1)
                return;
            var name = tag[..equals];
            var value = tag[(equals + 1)..];
            switch (name)
            {
                case "comp":
                    header.Component = value;
                    break;
                case "pname":
                    header.Process = value;
                    break;
                case "sev" when !value.IsEmpty:
                    header.Severity = value;
                    break;
            }

            tags = tags[(end + 1)..];
        }

        rest = tags.TrimStart(": ");
    }

    private static ReadOnlySpan<char> OfLevel(ReadOnlySpan<char> application)
    {
        var last = application.LastIndexOf('-');
        return last >= 2 && application[last - 2] == '-'
            ? application[last - 1] switch
            {
                '0' or '1' or '2' or '3' => "Error",
                '4' => "Warning",
                '5' or '6' => "Info",
                '7' => "Debug",
                _ => default,
            }
            : default;
    }

    /// <summary>What stands before the mark, which is taken too; empty where the mark is missing.</summary>
    private static ReadOnlySpan<char> Take(scoped ref ReadOnlySpan<char> rest, string mark)
    {
        var at = rest.IndexOf(mark, StringComparison.Ordinal);
        if (at < 0)
            return default;
        var taken = rest[..at];
        rest = rest[(at + mark.Length)..];
        return taken;
    }
}
