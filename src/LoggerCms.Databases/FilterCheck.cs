namespace LoggerCms.Databases;

/// <summary>Whether a row filter is a condition, by a statement that the database takes only then.</summary>
internal static class FilterCheck
{
    /// <summary>With the filter in two places, of which one that ends the other's parentheses can only stand in one.</summary>
    public static string Statement(string from, string filter) => $"SELECT CASE WHEN {filter} THEN 1 END FROM {from} WHERE ({filter})";

    /// <summary>The database did not take it.</summary>
    public static LoggerCmsException Failure(string table, string filter, LoggerCmsException cause) => new(
        ErrorCodes.InvalidProfile,
        $"The row filter of table {table} ({filter.TrimEnd()}) is no condition that this database takes: {cause.Message}",
        "Correct it in the side profile; it stands behind WHERE, and names the table's columns.",
        cause.Side,
        innerException: cause);
}
