using System.Data.Common;
using LoggerCms.Databases.PostgreSql;
using Npgsql;

namespace LoggerCms.Transfer.Tests.Support;

/// <summary>Two PostgreSQL databases. Skips where there is no server.</summary>
internal sealed class PgArena : ServerArena
{
    private const string Variable = "LOGGERCMS_TEST_POSTGRESQL";

    private PgArena()
        : base("h")
    {
    }

    public override StateTransferRequest Request => base.Request with { Mode = StateTransferMode.Rows };

    protected override IReadOnlyList<ISideDriver> Drivers => [new PostgreSqlSideDriver()];

    protected override string Maintenance => "postgres";

    private static string? Server => Environment.GetEnvironmentVariable(Variable);

    /// <param name="both">Statements that both databases begin with.</param>
    public static async Task<PgArena> CreateAsync(params string[] both)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Server), $"No PostgreSQL: {Variable} is not set.");
        var arena = new PgArena();
        await arena.MakeAsync(both);
        return arena;
    }

    /// <summary>Ends every session of the engine in a database.</summary>
    public Task EndSessionsAsync(string side) => MaintainAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{DatabaseOf(side)}'");

    /// <summary>How many sessions the engine has in both databases, once the server had time to notice that they ended; what vacuums them is none.</summary>
    public async Task<string> SessionsAsync()
    {
        var count = "0";
        await using var connection = await ConnectAsync(Maintenance);
        for (var tries = 0; tries < 500; tries++)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT count(*)::text FROM pg_stat_activity WHERE datname LIKE '{DatabaseOf(string.Empty)}%' AND backend_type = 'client backend'";
            count = (string)(await command.ExecuteScalarAsync(CancellationToken.None))!;
            if (count == "0")
                break;
        }

        return count;
    }

    protected override Task MakeAsync(string database) => MaintainAsync($"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8'");

    protected override Task DropAsync(string database) => MaintainAsync($"DROP DATABASE IF EXISTS {database} WITH (FORCE)");

    protected override SideConnection Side(string database, string name)
        => new(SideProvider.PostgreSql, new NpgsqlConnectionStringBuilder(Server) { Database = database }.ConnectionString, name: name);

    protected override async Task<DbConnection> ConnectAsync(string database)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Server) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        return connection;
    }

    /// <summary>The rows as the server writes them.</summary>
    protected override async Task<IReadOnlyList<string>> ReadAsync(DbConnection connection, string table)
    {
        var rows = new List<string>();
        await using var reader = await new NpgsqlCommand($"SELECT whole::text FROM {table} whole", (NpgsqlConnection)connection) { CommandTimeout = 0 }.ExecuteReaderAsync(CancellationToken.None);
        while (await reader.ReadAsync(CancellationToken.None))
            rows.Add(reader.GetString(0));
        return rows;
    }
}
