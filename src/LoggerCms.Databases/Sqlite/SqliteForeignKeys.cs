using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Foreign keys, which are off while rows move and looked at afterwards.</summary>
internal static class SqliteForeignKeys
{
    /// <summary>Violations of the foreign keys of the tables in scope, and of those that refer to them.</summary>
    public static IReadOnlyList<BrokenForeignKey> FindViolations(SqliteDb db, SideCatalog catalog, IReadOnlyList<TableSchema> tables)
    {
        var scope = tables.Select(t => t.Name.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var violations = new List<BrokenForeignKey>();
        foreach (var table in catalog.Tables)
        {
            if (table.ForeignKeys.Count == 0
                || (!scope.Contains(table.Name.Name) && !table.ForeignKeys.Any(k => scope.Contains(k.ReferencedTable.Name))))
                continue;
            Check(db, table, violations);
        }

        return violations;
    }

    private static void Check(SqliteDb db, TableSchema table, List<BrokenForeignKey> violations)
    {
        try
        {
            using var check = db.Prepare("SELECT count(*), min(rowid), parent, fkid FROM pragma_foreign_key_check(?1, 'main') GROUP BY parent, fkid");
            check.Bind(1, table.Name.Name);
            while (check.Step())
            {
                var (rows, parent) = (check.Int64(0), check.Text(2));
                var first = check.IsNull(1) ? string.Empty : $" (the first has the id {check.Int64(1)})";
                violations.Add(new BrokenForeignKey(
                    $"{table.Name} {check.Int64(3)}", rows, $"{table.Name}: {rows} rows refer to rows of {parent} that are not there{first}"));
            }
        }
        catch (LoggerCmsException mismatch) when (mismatch.Code == ErrorCodes.DatabaseError)
        {
            // SQLite reports a foreign key whose parent has no fitting unique key as an error of the statement.
            violations.Add(new BrokenForeignKey(table.Name.ToString(), 1, $"{table.Name}: {mismatch.Message}"));
        }
    }
}
