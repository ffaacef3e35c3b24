using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

internal static class DuplicateKey
{
    public static LoggerCmsException In(TableSchema table, ReadOnlySpan<byte> key)
        => Failure(table, $"{KeyText.Of(table, key)} occurs more than once");

    /// <summary>The key's hash is known, but not the key.</summary>
    public static LoggerCmsException Unnamed(TableSchema table)
        => Failure(table, $"a value of ({string.Join(", ", table.Key.Select(key => table.Columns[key].Name))}) occurs more than once");

    private static LoggerCmsException Failure(TableSchema table, string what)
        => new(
            ErrorCodes.KeyNotUnique,
            $"The key of table {table.Name} is not unique: {what}.",
            $"Remove the duplicates and declare the key's columns NOT NULL, or leave the table out with -ExcludeTable {table.Name}.");
}
