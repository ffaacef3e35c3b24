using Npgsql;
using NpgsqlTypes;

namespace LoggerCms.TestData;

/// <summary>Writes <see cref="ConfigData"/> to a PostgreSQL database.</summary>
public static class PostgreSqlData
{
    public static string CreateTable(DataTable table)
    {
        var columns = table.Columns.Select(c => $"  {c.Name} {Type(c.Kind)}{(c.Nullable ? string.Empty : " NOT NULL")}");
        return $"CREATE TABLE {table.Name} (\n{string.Join(",\n", columns)},\n  PRIMARY KEY ({string.Join(", ", table.KeyColumns.Select(c => c.Name))})\n);";
    }

    /// <summary>Makes the tables and <paramref name="rows"/> rows in an empty database, and gathers statistics; 0 makes the tables only.</summary>
    public static async Task CreateAsync(string connectionString, long rows, CancellationToken cancellationToken)
    {
        await using var source = OpenSource(connectionString);
        await using var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        foreach (var table in ConfigData.Tables)
        {
            await ExecuteAsync(connection, CreateTable(table), cancellationToken).ConfigureAwait(false);
            await InsertAsync(connection, table, 0, ConfigData.RowsOf(table, rows), cancellationToken).ConfigureAwait(false);
        }

        await ExecuteAsync(connection, "VACUUM (ANALYZE)", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a side of <paramref name="rows"/> rows stale: one row in a hundred changed, missing or not in the source.</summary>
    public static async Task MakeStaleAsync(string connectionString, long rows, CancellationToken cancellationToken)
    {
        await using var source = OpenSource(connectionString);
        await using var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        foreach (var table in ConfigData.Tables)
        {
            await ExecuteAsync(connection, $"UPDATE {table.Name} SET note = 'changed here only' WHERE {ConfigData.ChangedCondition}", cancellationToken)
                .ConfigureAwait(false);
            await ExecuteAsync(connection, $"DELETE FROM {table.Name} WHERE {ConfigData.MissingCondition}", cancellationToken).ConfigureAwait(false);
            await InsertAsync(connection, table, ConfigData.RowsOf(table, rows), ConfigData.ExtraRowsOf(table, rows), cancellationToken)
                .ConfigureAwait(false);
        }

        await ExecuteAsync(connection, "VACUUM (ANALYZE)", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Without a pool, so that the database can be a template right after, and without a time-out, however many rows there are.</summary>
    private static NpgsqlDataSource OpenSource(string connectionString)
        => NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = 0, Pooling = false });

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task InsertAsync(NpgsqlConnection connection, DataTable table, long from, long count, CancellationToken cancellationToken)
    {
        if (count == 0)
            return;
        var copy = $"COPY {table.Name} ({string.Join(", ", table.Columns.Select(c => c.Name))}) FROM STDIN (FORMAT binary)";
        await using var importer = await connection.BeginBinaryImportAsync(copy, cancellationToken).ConfigureAwait(false);
        var values = new object?[table.Columns.Count];
        for (var index = from; index < from + count; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ConfigData.Fill(table, index, values);
            importer.StartRow();
            foreach (var value in values)
                Write(importer, value);
        }

        await importer.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void Write(NpgsqlBinaryImporter importer, object? value)
    {
        switch (value)
        {
            case null: importer.WriteNull(); break;
            case long number: importer.Write(number, NpgsqlDbType.Bigint); break;
            case double number: importer.Write(number, NpgsqlDbType.Double); break;
            case string text: importer.Write(text, NpgsqlDbType.Text); break;
            case byte[] bytes: importer.Write(bytes, NpgsqlDbType.Bytea); break;
            case Guid guid: importer.Write(guid, NpgsqlDbType.Uuid); break;
            case DateTime time: importer.Write(time, NpgsqlDbType.Timestamp); break;
            default: throw new InvalidOperationException($"A generated row has a value of type {value.GetType()}.");
        }
    }

    private static string Type(DataKind kind) => kind switch
    {
        DataKind.Integer => "bigint",
        DataKind.Text => "text",
        DataKind.Double => "double precision",
        DataKind.Binary => "bytea",
        DataKind.Guid => "uuid",
        DataKind.DateTime => "timestamp(3)",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
