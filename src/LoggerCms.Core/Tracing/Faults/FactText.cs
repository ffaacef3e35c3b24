using System.Globalization;

namespace LoggerCms.Core.Tracing.Faults;

/// <summary>Figures in the text of a message.</summary>
internal static class FactText
{
    /// <summary>The whole number after <c>name =</c>.</summary>
    public static long? Number(string text, string name) => Word(text, name) is { } word ? Key(word) : null;

    /// <summary>The word after <c>name =</c>.</summary>
    public static string? Word(string text, string name)
    {
        for (var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var rest = text.AsSpan(at + name.Length).TrimStart();
            if (rest.IsEmpty || rest[0] != '=' || (at > 0 && char.IsLetterOrDigit(text[at - 1])))
                continue;
            rest = rest[1..].TrimStart();
            var end = rest.IndexOfAny(", \t\n");
            var word = (end < 0 ? rest : rest[..end]).TrimEnd('.');
            return word.IsEmpty ? null : word.ToString();
        }

        return null;
    }

    /// <summary><c>LastUpdateKey for B Configuration is 310466685004.0</c>; null for anything else.</summary>
    public static (string Side, long Key)? KnownKey(string text)
    {
        const string before = "LastUpdateKey for ";
        const string between = " Configuration is ";
        var start = text.IndexOf(before, StringComparison.OrdinalIgnoreCase);
        var end = start < 0 ? -1 : text.IndexOf(between, start, StringComparison.OrdinalIgnoreCase);
        if (end < 0 || Key(text.AsSpan(end + between.Length).Trim()) is not { } key)
            return null;
        return (text[(start + before.Length)..end], key);
    }

    /// <summary>An update key, exactly: a fraction of zeros is taken, any other is no key.</summary>
    public static long? Key(ReadOnlySpan<char> text)
    {
        var point = text.IndexOf('.');
        if (point >= 0)
        {
            if (text[(point + 1)..].ContainsAnyExcept('0'))
                return null;
            text = text[..point];
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var key) ? key : null;
    }

    /// <summary>What was asserted: the text after <c>Assertion failed:</c> up to the file.</summary>
    public static string Expression(string text)
    {
        const string mark = "Assertion failed";
        var rest = text[(text.IndexOf(mark, StringComparison.OrdinalIgnoreCase) + mark.Length)..].TrimStart(':', ' ');
        var end = rest.IndexOf(". File:", StringComparison.OrdinalIgnoreCase);
        if (end < 0)
            end = rest.IndexOf("File:", StringComparison.OrdinalIgnoreCase);
        rest = (end < 0 ? rest : rest[..end]).Trim();
        return rest.Length > 200 ? rest[..200] : rest;
    }

    /// <summary>Major and minor version of a schema line; null where it has none.</summary>
    public static string? SchemaVersion(LoggerTraceLine? line)
    {
        if (line is null)
            return null;
        const string mark = "Major Version ";
        var at = line.Message.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
        var end = line.Message.IndexOf(" of the Schema", StringComparison.OrdinalIgnoreCase);
        return at < 0 || end < at ? null : line.Message[(at + mark.Length)..end];
    }

    public static string? SortOrder(LoggerTraceLine? line)
    {
        const string mark = "sort order is ";
        return line is null ? null : line.Message[(line.Message.IndexOf(mark, StringComparison.OrdinalIgnoreCase) + mark.Length)..].Trim().TrimEnd('.');
    }
}

/// <summary>Which side a trace is of, from what it says.</summary>
internal static class SideHints
{
    public static string? OfNames(LoggerTraceLine line)
        => line.Component switch
        {
            null => null,
            "la" or "Logger-A" or "LoggerA" or "ra" or "Router-A" => "A",
            "lb" or "Logger-B" or "LoggerB" or "rb" or "Router-B" => "B",
            _ => null,
        };

    public static string? OfText(string text)
        => (Says(text, 'A'), Says(text, 'B')) switch
        {
            (true, false) => "A",
            (false, true) => "B",
            _ => null,
        };

    /// <summary>The last resort: the file's name.</summary>
    public static string? OfPath(string path)
    {
        var name = Path.GetFileName(path);
        return (Named(name, 'a'), Named(name, 'b')) switch
        {
            (true, false) => "A",
            (false, true) => "B",
            _ => null,
        };
    }

    private static bool Says(string text, char side)
        => text.Contains($@"\Logger{side}\", StringComparison.OrdinalIgnoreCase) || text.Contains($"_side{side} ", StringComparison.OrdinalIgnoreCase);

    private static bool Named(string name, char side)
        => new[] { $"side{side}", $"side-{side}", $"side_{side}", $"logger{side}", $"logger-{side}", $"l{side}-" }
            .Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
}
