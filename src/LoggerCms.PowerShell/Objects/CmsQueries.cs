using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace LoggerCms.PowerShell.Objects;

/// <summary>Queries that cmdlets make themselves.</summary>
internal static class CmsQueries
{
    private const string Everything = "SELECT TOP 1000000 * FROM CI_INFOOBJECTS, CI_SYSTEMOBJECTS, CI_APPOBJECTS";

    public static string ByIds(IEnumerable<long> ids)
        => $"{Everything} WHERE SI_ID IN ({string.Join(", ", ids.Select(id => id.ToString(CultureInfo.InvariantCulture)))})";

    /// <summary>Objects of kinds, with names that match one of the wildcards, below a folder; null asks for any.</summary>
    public static string Matching(IReadOnlyList<string>? kinds, IReadOnlyList<string>? names, long? under)
    {
        var conditions = new List<string>();
        if (kinds is { Count: > 0 })
            conditions.Add($"SI_KIND IN ({string.Join(", ", kinds.Select(Quote))})");
        if (names is { Count: > 0 })
            conditions.Add($"({string.Join(" OR ", names.Select(Name))})");
        if (under is { } folder)
            conditions.Add(string.Create(CultureInfo.InvariantCulture, $"SI_ANCESTOR = {folder}"));
        return conditions.Count == 0 ? Everything : $"{Everything} WHERE {string.Join(" AND ", conditions)}";
    }

    private static string Name(string name)
        => WildcardPattern.ContainsWildcardCharacters(name) ? $"SI_NAME LIKE {Quote(Like(name))}" : $"SI_NAME = {Quote(WildcardPattern.Unescape(name))}";

    /// <summary>The shell's wildcards as a LIKE pattern, where <c>[c]</c> is the character itself.</summary>
    private static string Like(string wildcard)
    {
        var pattern = new StringBuilder();
        for (var at = 0; at < wildcard.Length; at++)
        {
            var c = wildcard[at];
            if (c == '`' && at + 1 < wildcard.Length)
                pattern.Append('[').Append(wildcard[++at]).Append(']');
            else
                pattern.Append(c switch { '*' => "%", '?' => "_", '%' => "[%]", '_' => "[_]", _ => c.ToString() });
        }

        return pattern.ToString();
    }

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
