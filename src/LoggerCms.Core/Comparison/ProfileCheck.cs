using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Whether a profile's names are those of the database: a misspelt one would compare what it was meant to leave out.</summary>
public static class ProfileCheck
{
    /// <summary>
    /// Throws where a column or row filter of the profile belongs to no table of any of the catalogs; and, where both sides are asked, where a side-local
    /// table that is named without a wildcard is on neither.
    /// </summary>
    /// <exception cref="LoggerCmsException">InvalidProfile.</exception>
    public static void Require(SideProfile profile, string? path, params IReadOnlyList<SideCatalog> catalogs)
    {
        foreach (var table in profile.Tables.Where(t => catalogs.Count > 1 && t.AsSpan().IndexOfAny('*', '?') < 0))
        {
            if (!catalogs.SelectMany(c => c.Tables.Select(t => t.Name.ToString()).Concat(c.Others)).Any(name => Wildcard.IsMatch(table, name)))
                throw Unknown(path, $"\"tables\" names the table '{table}'", catalogs, table);
        }

        foreach (var (table, columns) in profile.Columns)
        {
            var found = Find(table, catalogs);
            if (found.Count == 0)
                throw Unknown(path, $"\"columns\" names the table '{table}'", catalogs, table);
            foreach (var column in columns)
            {
                if (!found.Any(schema => schema.LeftOut.Contains(column, StringComparer.Ordinal)))
                    throw Invalid(path, $"\"columns\" names '{column}', which is no column of the table '{table}' (names are case-sensitive here)");
            }
        }

        foreach (var table in profile.RowFilters.Keys)
        {
            if (Find(table, catalogs).Count == 0)
                throw Unknown(path, $"\"rowFilters\" names the table '{table}'", catalogs, table);
        }
    }

    private static List<TableSchema> Find(string table, IReadOnlyList<SideCatalog> catalogs)
        => [.. catalogs.SelectMany(catalog => catalog.Tables).Where(schema => schema.Name.ToString() == table)];

    private static LoggerCmsException Unknown(string? path, string what, IReadOnlyList<SideCatalog> catalogs, string table)
    {
        var near = catalogs.SelectMany(catalog => catalog.Tables).Select(schema => schema.Name.ToString())
            .MinBy(name => NameDistance.Between(table, name));
        var hint = near is not null && NameDistance.Between(table, near) <= Math.Max(2, near.Length / 3) ? $"; is it '{near}'?" : string.Empty;
        return Invalid(path, $"{what}, which is not there{hint}");
    }

    private static LoggerCmsException Invalid(string? path, string why)
        => new(
            ErrorCodes.InvalidProfile,
            $"The side profile '{path}' does not fit the database: {why}.",
            "Correct the name in the profile, or take it out.");
}
