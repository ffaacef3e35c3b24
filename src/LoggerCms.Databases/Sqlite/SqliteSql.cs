using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Pieces of SQL.</summary>
internal static class SqliteSql
{
    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A list of columns, each behind a prefix such as <c>s.</c>.</summary>
    public static string List(IEnumerable<SqliteColumn> columns, string prefix = "")
        => string.Join(", ", columns.Select(c => prefix + c.Quoted));

    /// <summary>
    /// True where two values are the same to the byte and to the storage class. Columns of numeric affinity cannot hold an integer and an
    /// equal real (SQLite makes one of the other, -0.0 included), so that only columns without affinity need a look at class and bits.
    /// </summary>
    public static string Same(string left, string right, Affinity leftAffinity, Affinity rightAffinity)
    {
        if (leftAffinity == rightAffinity && leftAffinity != Affinity.Blob)
            return $"{left} COLLATE BINARY IS {right} COLLATE BINARY";

        // The plus takes the affinity away, which would otherwise convert one of the operands before it is compared.
        return $"(+{left} COLLATE BINARY IS +{right} COLLATE BINARY AND typeof({left}) = typeof({right})"
            + $" AND (+{left} IS NOT 0.0 OR typeof({left}) <> 'real' OR {SqliteDb.BitsFunction}({left}) = {SqliteDb.BitsFunction}({right})))";
    }

    /// <summary>
    /// A column that equals a parameter to the byte. The first comparison uses the column's collation and with it the index of the key;
    /// what is the same to the byte is equal under every collation.
    /// </summary>
    public static string SameAsParameter(SqliteColumn column, string parameter)
    {
        var name = column.Quoted;
        if (column.IsRowId)
            return $"{name} = {parameter}";
        var same = $"{name} = {parameter} AND {name} COLLATE BINARY = {parameter}";
        return column.Affinity == Affinity.Blob
            ? $"({same} AND typeof({name}) = typeof({parameter})"
                + $" AND (typeof({name}) <> 'real' OR {SqliteDb.BitsFunction}({name}) = {SqliteDb.BitsFunction}({parameter})))"
            : $"({same})";
    }

    public static string Where(params ReadOnlySpan<string?> conditions)
    {
        var text = string.Empty;
        foreach (var condition in conditions)
        {
            if (condition is not null)
                text += (text.Length == 0 ? " WHERE (" : " AND (") + condition + ")";
        }

        return text;
    }

    public static string Filter(TableSchema table) => table.RowFilter is null ? string.Empty : $" WHERE ({table.RowFilter})";
}
