using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Foreign keys, which are off while rows move and looked at afterwards.</summary>
internal static class SqliteForeignKeys
{
    private const int MaxRowsPerTable = 100;

    /// <summary>Violations of the foreign keys of the tables in scope, and of those that refer to them.</summary>
    public static IReadOnlyList<string> FindViolations(SqliteDb db, SideCatalog catalog, IReadOnlyList<TableSchema> tables)
    {
        var scope = tables.Select(t => t.Name.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var violations = new List<string>();
        foreach (var table in catalog.Tables)
        {
            if (table.ForeignKeys.Count == 0
                || (!scope.Contains(table.Name.Name) && !table.ForeignKeys.Any(k => scope.Contains(k.ReferencedTable.Name))))
                continue;
            Check(db, table, violations);
        }

        return violations;
    }

    private static void Check(SqliteDb db, TableSchema table, List<string> violations)
    {
        try
        {
            using var check = db.Prepare("SELECT rowid, parent, fkid FROM pragma_foreign_key_check(?1, 'main')");
            check.Bind(1, table.Name.Name);
            for (var i = 0; i < MaxRowsPerTable && check.Step(); i++)
            {
                var row = check.IsNull(0) ? "a row" : $"the row with id {check.Int64(0)}";
                violations.Add($"{table.Name}: {row} refers to a row of {check.Text(1)} that is not there");
            }
        }
        catch (LoggerCmsException mismatch) when (mismatch.Code == ErrorCodes.DatabaseError)
        {
            // SQLite reports a foreign key whose parent has no fitting unique key as an error of the statement.
            violations.Add($"{table.Name}: {mismatch.Message}");
        }
    }
}
