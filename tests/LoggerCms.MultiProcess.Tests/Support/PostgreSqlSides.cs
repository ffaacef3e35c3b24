using LoggerCms.TestData;
using Npgsql;

namespace LoggerCms.MultiProcess.Tests.Support;

/// <summary>A SQLite source and a stale PostgreSQL destination with the same rows, or the other way round.</summary>
internal sealed class PostgreSqlSides : IAsyncDisposable
{
    private const string Variable = "LOGGERCMS_TEST_POSTGRESQL";
    private readonly string _name = "loggercms_multi_" + Guid.NewGuid().ToString("n");
    private readonly string _sourceName;
    private readonly string _root = Directory.CreateTempSubdirectory("loggercms-multi-").FullName;

    private PostgreSqlSides() => _sourceName = _name + "_source";

    public string Home => Path.Combine(_root, "home");

    public string Temp => Path.Combine(_root, "temp");

    public string Before { get; private set; } = string.Empty;

    public string After { get; private set; } = string.Empty;

    public string Source => ConnectionString(_sourceName);

    public string Destination => ConnectionString(_name);

    public static async Task<PostgreSqlSides> MakeAsync(long rows = 2_000)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable)), $"No PostgreSQL: {Variable} is not set.");
        var token = TestContext.Current.CancellationToken;
        var sides = new PostgreSqlSides();
        Directory.CreateDirectory(sides.Home);
        Directory.CreateDirectory(sides.Temp);
        await ServerAsync($"CREATE DATABASE {sides._sourceName} TEMPLATE template0 ENCODING 'UTF8'");
        await PostgreSqlData.CreateAsync(Unpooled(sides.Source), rows, token);
        await ServerAsync($"CREATE DATABASE {sides._name} TEMPLATE {sides._sourceName}");
        await PostgreSqlData.MakeStaleAsync(Unpooled(sides.Destination), rows, token);
        sides.Before = await DigestAsync(sides.Destination);
        sides.After = await DigestAsync(sides.Source);
        return sides;
    }

    public Host Transfer(params string[] options) => Call("transfer", [$"source=postgresql:{Source}", $"destination=postgresql:{Destination}", .. options]);

    public Host Call(string command, params string[] options) => Host.Start(Home, Temp, [command, .. options]);

    /// <summary>Ends every connection to one of the databases, as an administrator or a crash would.</summary>
    public Task CutAsync(bool destination) => ServerAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{(destination ? _name : _sourceName)}' AND pid <> pg_backend_pid()");

    public Task<string> DestinationDigestAsync() => DigestAsync(Destination);

    public async Task SecondRunMustWorkAsync()
    {
        using var host = Transfer("mode=Rows");
        var outcome = host.WaitForEnd();
        Assert.True(outcome.Status is "Completed" or "AlreadyInState", outcome.Said);
        Assert.Equal(After, await DestinationDigestAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await ServerAsync($"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
        await ServerAsync($"DROP DATABASE IF EXISTS {_sourceName} WITH (FORCE)");
        Directory.Delete(_root, recursive: true);
    }

    private static string ConnectionString(string database)
        => new NpgsqlConnectionStringBuilder(Environment.GetEnvironmentVariable(Variable)) { Database = database }.ConnectionString;

    private static string Unpooled(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;

    private static async Task ServerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Unpooled(ConnectionString("postgres")));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<string> DigestAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(Unpooled(connectionString));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var digests = new List<string>();
        foreach (var table in ConfigData.Tables)
        {
            await using var command = new NpgsqlCommand($"SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")), '') FROM {table.Name} t", connection);
            digests.Add((string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!);
        }

        return string.Join(';', digests);
    }
}
