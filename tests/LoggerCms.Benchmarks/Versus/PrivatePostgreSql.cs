using System.Globalization;
using Npgsql;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>A PostgreSQL server for the run: the one of LOGGERCMS_TEST_POSTGRESQL, or a private one with the server's own defaults.</summary>
internal sealed class PrivatePostgreSql : IAsyncDisposable
{
    private readonly string? _folder;
    private readonly string? _stop;
    private readonly NpgsqlConnectionStringBuilder _server;

    private PrivatePostgreSql(NpgsqlConnectionStringBuilder server, string? folder, string? stop)
    {
        _server = server;
        _folder = folder;
        _stop = stop;
        ToolEnvironment = new Dictionary<string, string>
        {
            ["PGHOST"] = server.Host!,
            ["PGPORT"] = server.Port.ToString(CultureInfo.InvariantCulture),
            ["PGUSER"] = server.Username ?? "postgres",
            ["PGPASSWORD"] = server.Password ?? string.Empty,
        };
    }

    /// <summary>For psql, pg_dump and the like.</summary>
    public IReadOnlyDictionary<string, string> ToolEnvironment { get; }

    /// <summary>The server, or why there is none to be had.</summary>
    public static async Task<(PrivatePostgreSql? Server, string? Why)> StartAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable("LOGGERCMS_TEST_POSTGRESQL") is { Length: > 0 } given)
            return (new PrivatePostgreSql(new NpgsqlConnectionStringBuilder(given), null, null), null);
        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(f => Path.Combine(f, "bin")).LastOrDefault()
            : Path.GetDirectoryName(Shell.Find("pg_ctl"));
        if (binaries is null || !File.Exists(Path.Combine(binaries, "initdb")))
            return (null, "not run: no PostgreSQL server on this machine, and LOGGERCMS_TEST_POSTGRESQL is not set");

        var folder = Directory.CreateDirectory(workspace.Path("postgresql")).FullName;
        var asPostgres = Environment.IsPrivilegedProcess ? "runuser -u postgres -- " : string.Empty;
        if (Environment.IsPrivilegedProcess)
            await Shell.RunAsync("chown", ["postgres", folder], cancellationToken);
        var data = Path.Combine(folder, "data");
        const int port = 54329;
        await Shell.BashAsync(
            $"cd / && {asPostgres}{binaries}/initdb -D {Shell.Quote(data)} -U postgres -A trust -E UTF8 > {Shell.Quote(workspace.Path("initdb.log"))} && " +
            $"{asPostgres}{binaries}/pg_ctl -D {Shell.Quote(data)} -l {Shell.Quote(Path.Combine(folder, "log"))} -w start " +
            $"-o {Shell.Quote($"-p {port} -k {folder} -c listen_addresses=''")} > /dev/null",
            cancellationToken);
        var server = new NpgsqlConnectionStringBuilder { Host = folder, Port = port, Username = "postgres", Database = "postgres" };
        return (new PrivatePostgreSql(server, folder, $"cd / && {asPostgres}{binaries}/pg_ctl -D {Shell.Quote(data)} -m immediate -w stop > /dev/null"), null);
    }

    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = database }.ConnectionString;

    /// <summary>As our own command line takes a side.</summary>
    public string Side(string database) => "postgresql:" + ConnectionString(database);

    public Task<CommandResult> PsqlAsync(string database, string sql, CancellationToken cancellationToken)
        => Shell.RunAsync("psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql], cancellationToken, ToolEnvironment);

    /// <summary>A fresh copy of a database, with everything that the copying left to be written behind us.</summary>
    public async Task CopyDatabaseAsync(string template, string name, CancellationToken cancellationToken)
    {
        await PsqlAsync("postgres", $"DROP DATABASE IF EXISTS {name} WITH (FORCE)", cancellationToken);
        await PsqlAsync("postgres", $"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy", cancellationToken);
        await PsqlAsync("postgres", "CHECKPOINT", cancellationToken);
    }

    public Task DropAsync(string name, CancellationToken cancellationToken)
        => PsqlAsync("postgres", $"DROP DATABASE IF EXISTS {name} WITH (FORCE)", cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_stop is null)
            return;
        await Shell.BashAsync(_stop, CancellationToken.None);
        Directory.Delete(_folder!, recursive: true);
    }
}
