using System.Data.Common;

namespace LoggerCms.Databases.Tests.Makes;

/// <summary>A database of its own for one test, gone when disposed.</summary>
public abstract class TestDatabase : IAsyncDisposable
{
    public abstract SideConnection Connection { get; }

    /// <summary>A plain connection beside the driver: an independent witness, and the writer that a transfer has to live with.</summary>
    public abstract Task<DbConnection> ConnectAsync();

    /// <summary>A byte copy, as a backup that was restored elsewhere.</summary>
    public abstract Task<TestDatabase> CloneAsync();

    /// <summary>Every row of a table as exact text, in ordinal order, read without the driver.</summary>
    public abstract Task<IReadOnlyList<string>> DumpAsync(string quotedTable);

    /// <summary>Names of everything in the database that is called loggercms something, whatever its kind.</summary>
    public abstract Task<IReadOnlyList<string>> FindOwnObjectsAsync();

    public abstract ValueTask DisposeAsync();

    public async Task ExecuteAsync(params string[] statements)
    {
        await using var connection = await ConnectAsync();
        foreach (var statement in statements)
            await ExecuteAsync(connection, statement);
    }

    public static async Task<int> ExecuteAsync(DbConnection connection, string statement, int timeoutSeconds = 120)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        command.CommandTimeout = timeoutSeconds;
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<string?> ScalarAsync(string statement)
    {
        await using var connection = await ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        var value = await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        return value is null or DBNull ? null : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<IReadOnlyList<string>> ListAsync(string statement)
    {
        await using var connection = await ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = statement;
        var list = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            list.Add(reader.IsDBNull(0) ? "NULL" : reader.GetValue(0).ToString()!);
        list.Sort(StringComparer.Ordinal);
        return list;
    }
}
