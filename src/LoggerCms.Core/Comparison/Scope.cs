using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>A table on both sides.</summary>
public sealed record TablePair(TableSchema Source, TableSchema Destination)
{
    public TableName Name => Source.Name;
}

/// <summary>The tables in scope of two sides.</summary>
public sealed record ScopePairs(
    IReadOnlyList<TablePair> Pairs, IReadOnlyList<TableSchema> OnlyInSource, IReadOnlyList<TableSchema> OnlyInDestination);

/// <summary>Which tables a request is about.</summary>
public static class Scope
{
    /// <summary>The tables that the wildcards pick and the profile does not keep for the side itself, in ordinal order of their names.</summary>
    /// <param name="catalog">What the side has.</param>
    /// <param name="options">The wildcards.</param>
    /// <param name="profile">Its side-local tables are left out.</param>
    /// <param name="sideName">Named in the failure.</param>
    /// <param name="requireMatch">Whether a wildcard that picks no table is a failure.</param>
    /// <exception cref="LoggerCmsException">TableNotFound names the wildcard and tables with a similar name.</exception>
    public static IReadOnlyList<TableSchema> Select(
        SideCatalog catalog, ScopeOptions options, SideProfile profile, string sideName, bool requireMatch = true)
    {
        foreach (var pattern in options.Table)
        {
            if (requireMatch && !catalog.Tables.Any(table => Wildcard.IsMatch(pattern, table.Name.ToString())))
                throw NotFound(catalog, pattern, sideName);
        }

        return
        [
            .. catalog.Tables
                .Where(table => IsInScope(table.Name.ToString(), options, profile))
                .OrderBy(table => table.Name),
        ];
    }

    /// <summary>The tables in scope of both sides; a wildcard must pick a table of one side at least.</summary>
    /// <exception cref="LoggerCmsException">TableNotFound.</exception>
    public static ScopePairs SelectPairs(
        SideCatalog source, SideCatalog destination, ScopeOptions options, SideProfile profile, string sourceName, string destinationName)
    {
        foreach (var pattern in options.Table)
        {
            if (!source.Tables.Concat(destination.Tables).Any(table => Wildcard.IsMatch(pattern, table.Name.ToString())))
                throw NotFound(source, pattern, $"{sourceName} or {destinationName}");
        }

        var scope = Pair(
            Select(source, options, profile, sourceName, requireMatch: false),
            Select(destination, options, profile, destinationName, requireMatch: false));
        RequireAny(scope, source, destination);
        return scope;
    }

    /// <summary>Refuses a scope that leaves out every table there is: nothing compared would be called equal.</summary>
    /// <exception cref="LoggerCmsException">TableNotFound.</exception>
    public static void RequireAny(ScopePairs scope, SideCatalog source, SideCatalog destination)
    {
        if (scope.Pairs.Count + scope.OnlyInSource.Count + scope.OnlyInDestination.Count > 0 || source.Tables.Count + destination.Tables.Count == 0)
            return;
        throw new LoggerCmsException(
            ErrorCodes.TableNotFound,
            "No table is in scope: -Table, -ExcludeTable and the side profile together leave out all of them.",
            "Leave one of them out, or name fewer tables there.");
    }

    /// <summary>Pairs the tables of two sides by name. A table whose key one side withdrew is one without a key on both.</summary>
    public static ScopePairs Pair(IReadOnlyList<TableSchema> source, IReadOnlyList<TableSchema> destination)
    {
        var inDestination = destination.ToDictionary(table => table.Name);
        var inSource = source.Select(table => table.Name).ToHashSet();
        return new ScopePairs(
            [
                .. source.Where(table => inDestination.ContainsKey(table.Name))
                    .Select(table => AgreeOnKey(table, inDestination[table.Name]))
                    .OrderBy(pair => pair.Name),
            ],
            [.. source.Where(table => !inDestination.ContainsKey(table.Name)).OrderBy(table => table.Name)],
            [.. destination.Where(table => !inSource.Contains(table.Name)).OrderBy(table => table.Name)]);
    }

    /// <summary>The scope in words, with what a profile leaves out.</summary>
    public static string Describe(ScopeOptions options, SideProfile profile, int tables)
    {
        var parts = new List<string>
        {
            options.Table.Count == 0 && options.ExcludeTable.Count == 0
                ? FormattableString.Invariant($"all {tables} tables")
                : FormattableString.Invariant($"{tables} tables"),
        };
        if (options.Table.Count > 0)
            parts.Add("named " + string.Join(", ", options.Table));
        if (options.ExcludeTable.Count > 0)
            parts.Add("without " + string.Join(", ", options.ExcludeTable));
        if (profile.Tables.Count > 0)
            parts.Add("side-local tables left out: " + string.Join(", ", profile.Tables));
        if (profile.Columns.Count > 0)
        {
            parts.Add("side-local columns left out: " + string.Join(
                ", ", profile.Columns.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => p.Value.Select(column => $"{p.Key}.{column}"))));
        }

        if (profile.RowFilters.Count > 0)
        {
            parts.Add("rows filtered: " + string.Join(
                ", ", profile.RowFilters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key} where {p.Value}")));
        }

        return string.Join("; ", parts);
    }

    private static TablePair AgreeOnKey(TableSchema source, TableSchema destination)
        => source.HasKey != destination.HasKey && KeyNames(source.WithDeclaredKey()).SequenceEqual(KeyNames(destination.WithDeclaredKey()), StringComparer.Ordinal)
            ? new TablePair(source.WithoutKey(), destination.WithoutKey())
            : new TablePair(source, destination);

    private static IEnumerable<string> KeyNames(TableSchema table) => table.Key.Select(i => table.Columns[i].Name);

    private static bool IsInScope(string name, ScopeOptions options, SideProfile profile)
        => (options.Table.Count == 0 || Wildcard.IsMatchAny(options.Table, name))
            && !Wildcard.IsMatchAny(options.ExcludeTable, name)
            && !Wildcard.IsMatchAny(profile.Tables, name);

    private static LoggerCmsException NotFound(SideCatalog catalog, string pattern, string sideName)
    {
        var near = catalog.Tables
            .Select(table => table.Name.ToString())
            .Select(name => (Name: name, Distance: NameDistance.Between(pattern, name)))
            .Where(near => near.Distance <= Math.Max(2, near.Name.Length / 3))
            .OrderBy(near => near.Distance).ThenBy(near => near.Name, StringComparer.Ordinal)
            .Take(3)
            .Select(near => near.Name)
            .ToList();
        return new LoggerCmsException(
            ErrorCodes.TableNotFound,
            $"No table of {sideName} matches '{pattern}'."
                + (near.Count > 0 ? $" Tables with a similar name: {string.Join(", ", near)}." : string.Empty),
            near.Count > 0
                ? $"Use -Table {near[0]}, or a wildcard such as '{pattern}*'."
                : "See the tables with (Get-SideState -Side …).TableStates, and name one of them or use a wildcard.",
            sideName);
    }
}
