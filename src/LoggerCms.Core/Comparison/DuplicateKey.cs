using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

internal static class DuplicateKey
{
    public static LoggerCmsException In(TableSchema table, ReadOnlySpan<byte> key)
        => new(
            ErrorCodes.KeyNotUnique,
            $"The key of table {table.Name} is not unique: {KeyText.Of(table, key)} occurs more than once.",
            $"Remove the duplicates and declare the key's columns NOT NULL, or leave the table out with -ExcludeTable {table.Name}.");
}
