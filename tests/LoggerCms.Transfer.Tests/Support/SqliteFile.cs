using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace LoggerCms.Transfer.Tests.Support;

/// <summary>A SQLite file as a test sees it: plain statements, and a dump that owes nothing to the engine.</summary>
internal sealed class SqliteFile(string path)
{
    public string Path { get; } = path;

    public static SqliteFile Create(string path, bool wal, params string[] statements)
    {
        var file = new SqliteFile(path);
        file.Run([wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE", .. statements]);
        return file;
    }

    public SqliteConnection Open(int busySeconds = 10)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false, DefaultTimeout = busySeconds }.ConnectionString);
        connection.Open();
        return connection;
    }

    public void Run(params string[] statements)
    {
        using var connection = Open();
        foreach (var statement in statements)
            Run(connection, statement);
    }

    public static void Run(SqliteConnection connection, string statement, params (string Name, object? Value)[] parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        command.ExecuteNonQuery();
    }

    public long Count(string from) => Scalar($"SELECT count(*) FROM {from}");

    public long Scalar(string statement)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>Every row of every table that is not LoggerCms's own, exact to the bit and to the storage class.</summary>
    public string Dump(Func<string, bool>? tables = null)
    {
        using var connection = Open();
        var text = new StringBuilder();
        foreach (var table in List(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'loggercms\\_%' ESCAPE '\\' ORDER BY name"))
        {
            if (tables?.Invoke(table) == false)
                continue;
            text.Append("== ").AppendLine(table);
            foreach (var row in Rows(connection, table))
                text.AppendLine(row);
        }

        return text.ToString();
    }

    public static List<string> List(SqliteConnection connection, string statement)
    {
        using var command = connection.CreateCommand();
        command.CommandText = statement;
        using var reader = command.ExecuteReader();
        var list = new List<string>();
        while (reader.Read())
            list.Add(reader.IsDBNull(0) ? "NULL" : reader.GetString(0));
        return list;
    }

    private static List<string> Rows(SqliteConnection connection, string table)
    {
        var columns = List(connection, $"SELECT name FROM pragma_table_xinfo({Literal(table)}) WHERE hidden <> 1 ORDER BY name");
        var fields = columns.Select(Quote).SelectMany(c => new[] { $"typeof({c})", $"CASE WHEN typeof({c}) IN ('text', 'blob') THEN CAST({c} AS BLOB) ELSE {c} END" });
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {string.Join(", ", fields)} FROM {Quote(table)}";
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            var row = new StringBuilder();
            for (var i = 0; i < columns.Count; i++)
            {
                var type = reader.GetString(2 * i);
                row.Append(type).Append(':').Append(type switch
                {
                    "null" => string.Empty,
                    "integer" => reader.GetInt64((2 * i) + 1).ToString(CultureInfo.InvariantCulture),
                    "real" => BitConverter.DoubleToInt64Bits(reader.GetDouble((2 * i) + 1)).ToString("x16", CultureInfo.InvariantCulture),
                    _ => Convert.ToHexString((byte[])reader.GetValue((2 * i) + 1)),
                }).Append('|');
            }

            rows.Add(row.ToString());
        }

        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    public static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
}
