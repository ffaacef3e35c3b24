namespace LoggerCms.Databases.Sqlite;

/// <summary>The statements that SQLite keeps of a table.</summary>
internal static class SqliteDdl
{
    /// <summary>The statement that SQLite keeps of a table begins so, whatever its author wrote.</summary>
    private const string Create = "CREATE TABLE ";

    /// <summary>
    /// The table's statements with its name. Under another name than the one they were written for only the table itself: the names of
    /// its indexes are taken by the original.
    /// </summary>
    public static string ForTable(string definition, string name)
    {
        if (!definition.StartsWith(Create, StringComparison.OrdinalIgnoreCase))
            return definition;
        var end = EndOfName(definition, Create.Length);
        var written = Unquote(definition[Create.Length..end]);
        if (string.Equals(written, name, StringComparison.OrdinalIgnoreCase))
            return definition;
        var table = definition.Split(SqliteTableBuilder.StatementEnd)[0];
        return Create + SqliteSql.Quote(name) + table[end..];
    }

    private static int EndOfName(string sql, int start)
    {
        var close = sql[start] switch
        {
            '"' => '"',
            '`' => '`',
            '\'' => '\'',
            '[' => ']',
            _ => '\0',
        };
        var at = start + 1;
        if (close == '\0')
        {
            while (at < sql.Length && sql[at] is not ('(' or ' ' or '\t' or '\r' or '\n'))
                at++;
            return at;
        }

        while (at < sql.Length && (sql[at] != close || (close != ']' && at + 1 < sql.Length && sql[at + 1] == close)))
            at += sql[at] == close ? 2 : 1;
        return Math.Min(at + 1, sql.Length);
    }

    private static string Unquote(string name)
        => name[0] is '"' or '`' or '\'' or '['
            ? name[1..^1].Replace($"{name[^1]}{name[^1]}", name[^1].ToString(), StringComparison.Ordinal)
            : name;
}
