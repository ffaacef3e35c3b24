using System.Text.RegularExpressions;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// Whether a table's indexes have the table's rows. SQLite copies the indexes of a table entry by entry, together with it, without comparing the
/// two; a damaged one would come to a healthy side, whose rows then are equal and cannot be found.
/// </summary>
internal static partial class SqliteIndexCheck
{
    /// <exception cref="LoggerCmsException">DatabaseDamaged.</exception>
    public static void Require(SqliteDb db, SqliteTable table)
    {
        if (table.RowId is not null && !HasIndex(db, table))
            return;
        using var check = db.Prepare($"PRAGMA main.integrity_check({table.Quoted})");
        while (check.Step())
        {
            if (check.Text(0) is var finding && finding != "ok" && !OfValues().IsMatch(finding))
            {
                throw new LoggerCmsException(
                    ErrorCodes.DatabaseDamaged,
                    $"'{db.Path}' is damaged: {finding}.",
                    "Run REINDEX on it (sqlite3 FILE REINDEX), look at it with PRAGMA integrity_check, then start again.",
                    db.Side);
            }
        }
    }

    private static bool HasIndex(SqliteDb db, SqliteTable table)
    {
        using var find = db.Prepare("SELECT 1 FROM main.sqlite_schema WHERE type = 'index' AND tbl_name = ?1");
        return find.Bind(1, table.Name).Step();
    }

    // What a declaration came to forbid after the row was there: it is carried as it is.
    [GeneratedRegex("^(NULL value|NUMERIC value|TEXT value|CHECK constraint|non-\\w+ value)", RegexOptions.CultureInvariant)]
    private static partial Regex OfValues();
}
