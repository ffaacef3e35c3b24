using System.Text;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// Names as they were written. Babelfish shows them in lower case and shortened to 63 bytes in the system views, and keeps the original ones in
/// PostgreSQL's own catalog. On SQL Server it changes nothing.
/// </summary>
internal sealed class BabelfishNames
{
    private const string Query = """
        SELECT t.object_id, CAST(c.name AS nvarchar(128)), CAST(a.attoptions AS nvarchar(4000)), CAST(k.reloptions AS nvarchar(4000))
        FROM sys.tables t
        JOIN sys.columns c ON c.object_id = t.object_id
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.object_id AND a.attnum = c.column_id
        JOIN pg_catalog.pg_class k ON k.oid = t.object_id
        """;

    private readonly Dictionary<int, string> _tables = [];
    private readonly Dictionary<(int ObjectId, string Column), string> _columns = [];

    public static async Task<BabelfishNames> ReadAsync(SqlServerSession session, SqlServerDialect dialect, CancellationToken cancellationToken)
    {
        var names = new BabelfishNames();
        if (!dialect.IsBabelfish)
            return names;
        var rows = await session.QueryAsync(
            Query,
            r => (Id: r.GetInt32(0), Column: r.GetString(1), Options: r.IsDBNull(2) ? string.Empty : r.GetString(2), Table: r.IsDBNull(3) ? string.Empty : r.GetString(3)),
            "reading the names",
            cancellationToken).ConfigureAwait(false);
        foreach (var row in rows)
        {
            if (Option(row.Options, "bbf_original_name=") is { } column)
                names._columns[(row.Id, row.Column)] = column;
            if (Option(row.Table, "bbf_original_rel_name=") is { } table)
                names._tables[row.Id] = table;
        }

        return names;
    }

    public string Table(int objectId, string name) => _tables.GetValueOrDefault(objectId, name);

    public string Column(int objectId, string name) => _columns.GetValueOrDefault((objectId, name), name);

    /// <summary>The value of one element of an array in PostgreSQL's text form.</summary>
    internal static string? Option(string array, string name)
    {
        var start = array.IndexOf(name, StringComparison.Ordinal);
        if (start < 0)
            return null;
        var quoted = start > 0 && array[start - 1] == '"';
        var value = new StringBuilder();
        for (var i = start + name.Length; i < array.Length; i++)
        {
            var c = array[i];
            if (quoted ? c == '"' : c is ',' or '}')
                break;
            if (quoted && c == '\\')
                c = array[++i];
            value.Append(c);
        }

        return value.ToString();
    }
}
