using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Whether the logical schemas of two sides correspond: names, types, nullability and keys.</summary>
public static class SchemaCheck
{
    /// <summary>Each difference in words, with the sides called "source" and "destination".</summary>
    public static IReadOnlyList<string> Differences(TableSchema source, TableSchema destination)
        => Differences(source, destination, "source", "destination");

    /// <summary>Each difference in words, with the sides' own names.</summary>
    public static IReadOnlyList<string> Differences(TableSchema source, TableSchema destination, string sourceName, string destinationName)
    {
        var differences = new List<string>();
        var theirs = destination.Columns.ToDictionary(column => column.Name, StringComparer.Ordinal);
        foreach (var column in source.Columns)
        {
            if (!theirs.Remove(column.Name, out var other))
                differences.Add($"table {source.Name}, column {column.Name}: only on {sourceName}{LeftOut(destination, column.Name, destinationName)}");
            else if (column.Type != other.Type || IsNullable(source, column) != IsNullable(destination, other))
                differences.Add($"table {source.Name}, column {column.Name}: {Describe(source, column)} on {sourceName}, {Describe(destination, other)} on {destinationName}");
        }

        foreach (var column in destination.Columns.Where(column => theirs.ContainsKey(column.Name)))
            differences.Add($"table {source.Name}, column {column.Name}: only on {destinationName}{LeftOut(source, column.Name, sourceName)}");

        string sourceKey = Key(source), destinationKey = Key(destination);
        if (sourceKey != destinationKey)
            differences.Add($"table {source.Name}: {sourceKey} on {sourceName}, {destinationKey} on {destinationName}");
        return differences;
    }

    /// <summary>Throws unless every table of the scope is on both sides with the same logical schema.</summary>
    /// <param name="pairs">The scope.</param>
    /// <param name="source">The source's name.</param>
    /// <param name="destination">The destination's name.</param>
    /// <param name="allowMissing">Whether the destination may lack tables (they will be created).</param>
    /// <exception cref="LoggerCmsException">SchemaMismatch or MissingTable, listing every difference.</exception>
    public static void Require(ScopePairs pairs, string source, string destination, bool allowMissing)
    {
        var missing = new List<string>();
        if (!allowMissing)
            missing.AddRange(pairs.OnlyInSource.Select(table => $"table {table.Name}: only on {source}"));
        missing.AddRange(pairs.OnlyInDestination.Select(table => $"table {table.Name}: only on {destination}"));
        var differences = pairs.Pairs.SelectMany(pair => Differences(pair.Source, pair.Destination, source, destination)).ToList();
        if (differences.Count > 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.SchemaMismatch,
                $"The schemas of {source} and {destination} do not correspond: {string.Join("; ", differences.Concat(missing))}.",
                "Bring the tables to one schema, leave them out with -ExcludeTable, or declare side-local columns in a profile (-Profile).");
        }

        if (missing.Count > 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.MissingTable,
                $"Not every table in scope is on both sides: {string.Join("; ", missing)}.",
                pairs.OnlyInSource.Count > 0 && pairs.OnlyInDestination.Count == 0
                    ? "Create the tables (Start-StateTransfer -CreateMissingTables does between databases of one make), or leave them out with -ExcludeTable."
                    : "Leave the tables out with -ExcludeTable, or create or drop them so that both sides have the same ones.");
        }
    }

    /// <summary>
    /// A key column counts as not nullable whatever it declares: makes differ in what a key column without NOT NULL means, and a NULL that is there is seen as a value.
    /// </summary>
    internal static bool IsNullable(TableSchema table, ColumnSchema column)
        => column.Nullable && !table.Key.Any(key => ReferenceEquals(table.Columns[key], column));

    private static string Describe(TableSchema table, ColumnSchema column)
        => $"{column.Type}{(IsNullable(table, column) ? string.Empty : " NOT NULL")}";

    private static string Key(TableSchema table)
        => table.HasKey ? $"key ({string.Join(", ", table.Key.Select(key => table.Columns[key].Name))})" : "no key";

    private static string LeftOut(TableSchema table, string column, string side)
        => table.LeftOut.Contains(column, StringComparer.Ordinal)
            ? $" (on {side} it is computed, generated or side-local)"
            : string.Empty;
}
