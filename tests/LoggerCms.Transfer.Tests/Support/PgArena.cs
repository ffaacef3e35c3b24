using LoggerCms.Core.StateTransfer;
using LoggerCms.Databases.PostgreSql;
using Npgsql;

namespace LoggerCms.Transfer.Tests.Support;

/// <summary>Two PostgreSQL databases, an engine with a home of its own, a temp folder; all gone afterwards. Skips where there is no server.</summary>
internal sealed class PgArena : IAsyncDisposable
{
    private const string Variable = "LOGGERCMS_TEST_POSTGRESQL";

    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-transfer-pg-").FullName;
    private readonly string _name = "loggercms_h" + Guid.NewGuid().ToString("n")[..16];

    private PgArena()
    {
    }

    public SideConnection A => Side(_name + "_a", "A");

    public SideConnection B => Side(_name + "_b", "B");

    public SideEngine Engine => new([new PostgreSqlSideDriver()], TimeProvider.System, new TransferStore(TimeProvider.System, _folder));

    public StateTransferRequest Request => new() { Source = A, Destination = B, TempPath = _folder, LockTimeout = TimeSpan.FromSeconds(5), Mode = StateTransferMode.Rows };

    private static string? Server => Environment.GetEnvironmentVariable(Variable);

    /// <param name="both">Statements that both databases begin with.</param>
    public static async Task<PgArena> CreateAsync(params string[] both)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Server), $"No PostgreSQL: {Variable} is not set.");
        var arena = new PgArena();
        foreach (var side in new[] { "_a", "_b" })
        {
            await ExecuteAsync("postgres", $"CREATE DATABASE {arena._name}{side} TEMPLATE template0 ENCODING 'UTF8'");
            await ExecuteAsync(arena._name + side, both);
        }

        return arena;
    }

    public Task RunAAsync(params string[] statements) => ExecuteAsync(_name + "_a", statements);

    public Task RunBAsync(params string[] statements) => ExecuteAsync(_name + "_b", statements);

    /// <summary>Ends every session of the engine in a database.</summary>
    public Task EndSessionsAsync(string side)
        => ExecuteAsync("postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{_name}{side}'");

    /// <summary>How many sessions the engine has in both databases, once the server had time to notice that they ended; what vacuums them is none.</summary>
    public async Task<string> SessionsAsync()
    {
        var count = "0";
        await using var connection = await OpenAsync("postgres");
        for (var tries = 0; tries < 500; tries++)
        {
            await using var command = new NpgsqlCommand($"SELECT count(*)::text FROM pg_stat_activity WHERE datname LIKE '{_name}%' AND backend_type = 'client backend'", connection);
            count = (string)(await command.ExecuteScalarAsync(CancellationToken.None))!;
            if (count == "0")
                break;
        }

        return count;
    }

    /// <summary>Every row of the tables as the server writes it, in one order.</summary>
    public async Task<string> DumpAsync(string side, params string[] tables)
    {
        var lines = new List<string>();
        await using var connection = await OpenAsync(_name + side);
        foreach (var table in tables)
        {
            await using var reader = await new NpgsqlCommand($"SELECT whole::text FROM {table} whole ORDER BY 1", connection) { CommandTimeout = 0 }.ExecuteReaderAsync(CancellationToken.None);
            while (await reader.ReadAsync(CancellationToken.None))
                lines.Add($"{table} {reader.GetString(0)}");
        }

        return string.Join('\n', lines);
    }

    public async Task AssertEqualSidesAsync(params string[] tables) => Assert.Equal(await DumpAsync("_a", tables), await DumpAsync("_b", tables));

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        foreach (var side in new[] { "_a", "_b" })
            await ExecuteAsync("postgres", $"DROP DATABASE IF EXISTS {_name}{side} WITH (FORCE)");
    }

    private static SideConnection Side(string database, string name)
        => new(SideProvider.PostgreSql, new NpgsqlConnectionStringBuilder(Server) { Database = database }.ConnectionString, name: name);

    private static async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Server) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        return connection;
    }

    private static async Task ExecuteAsync(string database, params string[] statements)
    {
        await using var connection = await OpenAsync(database);
        foreach (var statement in statements)
            await new NpgsqlCommand(statement, connection) { CommandTimeout = 0 }.ExecuteNonQueryAsync(CancellationToken.None);
    }
}
