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

    // The same in every system.
    private const long Users = 19;
    private const long Groups = 20;

    /// <summary>The user Administrator.</summary>
    public const long Administrator = 12;

    /// <summary>
    /// Users at any depth below the folder of users, or groups below that of groups. The node lets nobody act as a user elsewhere, and anybody below.
    /// </summary>
    /// <param name="kind">Which of both.</param>
    /// <param name="also">A further condition; null for none.</param>
    public static string Principals(string kind, string? also = null)
        => string.Create(
            CultureInfo.InvariantCulture,
            $"{Everything} WHERE SI_KIND = {Quote(kind)} AND SI_ANCESTOR = {(kind == Objects.Principals.Group ? Groups : Users)}{(also is null ? "" : $" AND ({also})")}");

    public static string IsNamed(string name) => $"SI_NAME = {Quote(name)}";

    public static string IsMemberOf(long group) => string.Create(CultureInfo.InvariantCulture, $"{Memberships.Property} = {group}");

    public static string IsObject(long id) => string.Create(CultureInfo.InvariantCulture, $"SI_ID = {id}");

    /// <summary>Objects whose kinds and names match one of the wildcards each, below a folder; null asks for any.</summary>
    public static string Matching(IReadOnlyList<string>? kinds, IReadOnlyList<string>? names, long? under)
    {
        var conditions = new List<string>();
        if (kinds is { Count: > 0 })
            conditions.Add(HasOneOf("SI_KIND", kinds));
        if (names is { Count: > 0 })
            conditions.Add(HasOneOf("SI_NAME", names));
        if (under is { } folder)
            conditions.Add(string.Create(CultureInfo.InvariantCulture, $"SI_ANCESTOR = {folder}"));
        return conditions.Count == 0 ? Everything : $"{Everything} WHERE {string.Join(" AND ", conditions)}";
    }

    // The node has an index for what is written out, where nothing else is asked for: an OR looks at every object.
    private static string HasOneOf(string column, IReadOnlyList<string> wildcards)
    {
        var conditions = wildcards.Where(WildcardPattern.ContainsWildcardCharacters).Select(one => $"{column} LIKE {Quote(Like(one))}").ToList();
        if (conditions.Count < wildcards.Count)
        {
            var literals = wildcards.Where(one => !WildcardPattern.ContainsWildcardCharacters(one)).Select(one => Quote(WildcardPattern.Unescape(one)));
            conditions.Add($"{column} IN ({string.Join(", ", literals)})");
        }

        return conditions.Count == 1 ? conditions[0] : $"({string.Join(" OR ", conditions)})";
    }

    /// <summary>
    /// A LIKE pattern that matches all that the shell's wildcards do. A set means another thing there (<c>^</c>, <c>]</c>): from the first one on it matches
    /// anything, and what is not meant is sorted out here.
    /// </summary>
    private static string Like(string wildcard)
    {
        var pattern = new StringBuilder();
        for (var at = 0; at < wildcard.Length; at++)
        {
            var c = wildcard[at];
            if (c == '[')
                return pattern.Append('%').ToString();
            if (c == '`' && at + 1 < wildcard.Length)
                pattern.Append(Literal(wildcard[++at]));
            else
                pattern.Append(c switch { '*' => "%", '?' => "_", _ => Literal(c) });
        }

        return pattern.ToString();
    }

    private static string Literal(char c) => c is '%' or '_' or '[' ? $"[{c}]" : c.ToString();

    private static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
