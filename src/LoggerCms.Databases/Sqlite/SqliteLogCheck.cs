using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Whether a table can be put under the log.</summary>
internal static class SqliteLogCheck
{
    /// <summary>The unique indexes through which REPLACE can displace rows of the table.</summary>
    public static IReadOnlyList<SqliteUniqueIndex> Examine(SqliteDb db, SqliteCatalog catalog, SqliteTable table)
    {
        var (uniques, objection) = ReadIndexes(db, table);
        return Objection(catalog, table) is { } reason
            ? throw NotPossible(db, table, reason)
            : objection is null ? uniques : throw NotPossible(db, table, objection);
    }

    /// <summary>Why the table's key cannot stand in the log, or null.</summary>
    public static string? Objection(SqliteCatalog catalog, SqliteTable table)
    {
        if (!table.Schema.HasKey)
            return table.Schema.WithdrawnKey.Count > 0 ? "NULL stands in its key" : "it has no primary key";
        foreach (var column in table.SelectKey(table.Schema))
        {
            if (!LogKey.CanCarry(column.Kind))
                return $"its key column '{column.Name}' is of kind {column.Kind}, which the log cannot carry";
            if (column.Kind == LogicalKind.Decimal && column.Affinity != Affinity.Text)
                return $"its key column '{column.Name}' is a number with decimals, whose digits a trigger cannot write (DECIMAL_TEXT can be logged)";
            if (!catalog.IsUtf8 && !column.IsRowId && column.Kind is not (LogicalKind.Integer or LogicalKind.Boolean))
                return $"its key column '{column.Name}' may hold text, and the database is in {catalog.Encoding}";
        }

        return null;
    }

    /// <summary>The unique indexes, or why REPLACE could displace rows through one of them unseen.</summary>
    public static (IReadOnlyList<SqliteUniqueIndex> Uniques, string? Objection) ReadIndexes(SqliteDb db, SqliteTable table)
    {
        var uniques = new List<SqliteUniqueIndex>();
        using var list = db.Prepare("SELECT name, origin, partial FROM pragma_index_list(?1, 'main') WHERE \"unique\" = 1 ORDER BY seq");
        using var info = db.Prepare("SELECT name, coll FROM pragma_index_xinfo(?1, 'main') WHERE key = 1 ORDER BY seqno");
        list.Bind(1, table.Name);
        while (list.Step())
        {
            if (list.Int64(2) != 0)
                return ([], $"its unique index '{list.Text(0)}' is partial, and rows that REPLACE displaces through it cannot be seen");
            var columns = new List<(string, string)>();
            var binary = true;
            info.Bind(1, list.Text(0));
            while (info.Step())
            {
                if (info.IsNull(0))
                    return ([], $"its unique index '{list.Text(0)}' is on an expression, and rows that REPLACE displaces through it cannot be seen");
                columns.Add((info.Text(0), info.Text(1)));
                binary &= string.Equals(info.Text(1), "BINARY", StringComparison.OrdinalIgnoreCase)
                    && table.Columns.TryGetValue(info.Text(0), out var column) && column.Affinity != Affinity.Blob;
            }

            info.Reset();

            // Through the key itself only a row whose key is equal without being the same can be displaced.
            if (list.Text(1) != "pk" || !binary)
                uniques.Add(new SqliteUniqueIndex(columns));
        }

        return (uniques, null);
    }

    private static LoggerCmsException NotPossible(SqliteDb db, SqliteTable table, string reason) => new(
        ErrorCodes.LogNotPossible,
        $"The table '{table.Name}' cannot be put under the config message log: {reason}.",
        $"Leave it out with -ExcludeTable '{table.Name}'; Rows and Full transfers carry it all the same.",
        db.Side);
}
