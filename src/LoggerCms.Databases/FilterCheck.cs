namespace LoggerCms.Databases;

/// <summary>A row filter that the database does not take.</summary>
internal static class FilterFailure
{
    public static LoggerCmsException Of(string table, string filter, LoggerCmsException cause) => new(
        ErrorCodes.InvalidProfile,
        $"The row filter of table {table} ({filter.TrimEnd()}) is no condition that this database takes: {cause.Message}",
        "Correct it in the side profile; it stands behind WHERE, and names the table's columns.",
        cause.Side,
        innerException: cause);
}
