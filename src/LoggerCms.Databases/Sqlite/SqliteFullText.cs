using System.Text.RegularExpressions;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// Full-text indexes whose text stands in a table of its own (external content). Triggers keep them in step with it; where rows were written
/// with triggers off, such an index finds other rows than it should until it is built anew.
/// </summary>
internal static partial class SqliteFullText
{
    /// <summary>The table or view that the text of a virtual table stands in; null for one that keeps its own, or is no full-text index.</summary>
    public static string? ContentOf(string definition)
        => Content().Match(definition) is { Success: true } found ? Unquote(found.Groups[1].Value) is { Length: > 0 } name ? name : null : null;

    public static string Rebuild(string index) => $"INSERT INTO {SqliteSql.Quote(index)}({SqliteSql.Quote(index)}) VALUES('rebuild')";

    private static string Unquote(string name)
    {
        if (name[0] is not ('\'' or '"' or '`' or '['))
            return name;
        var quote = name[^1].ToString();
        return name[1..^1].Replace(quote + quote, quote, StringComparison.Ordinal);
    }

    [GeneratedRegex(
        @"\bUSING\s+fts[345]\b.*\bcontent\s*=\s*('(?:[^']|'')*'|""(?:[^""]|"""")*""|`(?:[^`]|``)*`|\[[^\]]*\]|[^\s,)]+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Content();
}
