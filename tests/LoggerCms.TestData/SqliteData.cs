using System.Globalization;
using Microsoft.Data.Sqlite;

namespace LoggerCms.TestData;

/// <summary>Writes <see cref="ConfigData"/> to SQLite files.</summary>
public static class SqliteData
{
    static SqliteData() => SQLitePCL.Batteries_V2.Init();

    public static string CreateTable(DataTable table)
    {
        var columns = table.Columns.Select(c => $"  {c.Name} {Type(c.Kind)}{(c.Nullable ? string.Empty : " NOT NULL")}");
        return $"CREATE TABLE {table.Name} (\n{string.Join(",\n", columns)},\n  PRIMARY KEY ({string.Join(", ", table.KeyColumns.Select(c => c.Name))})\n);";
    }

    /// <summary>Makes a new file with the tables and <paramref name="rows"/> rows; 0 makes the tables only.</summary>
    public static void Create(string path, long rows, CancellationToken cancellationToken = default)
    {
        if (File.Exists(path))
            throw new IOException($"'{path}' is there already.");
        using var connection = Open(path, SqliteOpenMode.ReadWriteCreate);

        // The file is thrown away if this fails half way, so that its making need not be durable.
        Execute(connection, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;");
        foreach (var table in ConfigData.Tables)
            Execute(connection, CreateTable(table));
        using (var transaction = connection.BeginTransaction())
        {
            foreach (var table in ConfigData.Tables)
                Insert(connection, table, 0, ConfigData.RowsOf(table, rows), cancellationToken);
            transaction.Commit();
        }

        Execute(connection, "PRAGMA synchronous = FULL; PRAGMA journal_mode = DELETE;");
    }

    /// <summary>Makes a side of <paramref name="rows"/> rows stale: one row in a hundred changed, missing or not in the source.</summary>
    public static void MakeStale(string path, long rows, CancellationToken cancellationToken = default)
    {
        using var connection = Open(path, SqliteOpenMode.ReadWrite);
        using var transaction = connection.BeginTransaction();
        foreach (var table in ConfigData.Tables)
        {
            Execute(connection, $"UPDATE {table.Name} SET note = 'changed here only' WHERE {ConfigData.ChangedCondition}");
            Execute(connection, $"DELETE FROM {table.Name} WHERE {ConfigData.MissingCondition}");
            Insert(connection, table, ConfigData.RowsOf(table, rows), ConfigData.ExtraRowsOf(table, rows), cancellationToken);
        }

        transaction.Commit();
    }

    /// <summary>Runs statements on a side.</summary>
    public static void Execute(string path, string sql)
    {
        using var connection = Open(path, SqliteOpenMode.ReadWrite);
        Execute(connection, sql);
    }

    private static SqliteConnection Open(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static void Insert(SqliteConnection connection, DataTable table, long from, long count, CancellationToken cancellationToken)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            $"INSERT INTO {table.Name} ({string.Join(", ", table.Columns.Select(c => c.Name))}) " +
            $"VALUES ({string.Join(", ", table.Columns.Select((_, i) => $"@p{i}"))})";
        var parameters = table.Columns.Select((_, i) => command.Parameters.Add(new SqliteParameter($"@p{i}", null))).ToArray();
        command.Prepare();
        var values = new object?[table.Columns.Count];
        for (var index = from; index < from + count; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ConfigData.Fill(table, index, values);
            for (var i = 0; i < values.Length; i++)
                parameters[i].Value = Stored(values[i]);
            command.ExecuteNonQuery();
        }
    }

    private static object Stored(object? value) => value switch
    {
        null => DBNull.Value,
        Guid guid => guid.ToString("D"),
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss.FFF", CultureInfo.InvariantCulture),
        _ => value,
    };

    private static string Type(DataKind kind) => kind switch
    {
        DataKind.Integer => "INTEGER",
        DataKind.Text => "TEXT",
        DataKind.Double => "REAL",
        DataKind.Binary => "BLOB",
        DataKind.Guid => "GUID",
        DataKind.DateTime => "DATETIME",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
