using LoggerCms.TestData;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>
/// Two MariaDB servers with the same data on loopback, with the servers' own defaults: pt-table-sync brings the second to the state of the first.
/// </summary>
internal sealed class PrivateMariaDb : IAsyncDisposable
{
    private const string Database = "bench";
    private readonly string _root;
    private readonly List<string> _sockets = [];
    private readonly long _rows;

    private PrivateMariaDb(string root, long rows)
    {
        _root = root;
        _rows = rows;
    }

    public static string? WhyNot()
    {
        if (Shell.Find("pt-table-sync") is null)
            return "not run: pt-table-sync (percona-toolkit) is not on this machine";
        return Server is null || Shell.Find("mariadb-install-db") is null || Shell.Find("mariadb") is null ? "not run: no MariaDB server on this machine" : null;
    }

    private static string? Server => Shell.Find("mariadbd", "/usr/sbin");

    public static async Task<PrivateMariaDb> StartAsync(Workspace workspace, long rows, CancellationToken cancellationToken)
    {
        var servers = new PrivateMariaDb(Directory.CreateDirectory(workspace.Path("mariadb")).FullName, rows);
        try
        {
            await servers.StartCoreAsync(cancellationToken);
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the second server stale once more, the same way as every other stale side of a run.</summary>
    public async Task MakeStaleAsync(CancellationToken cancellationToken)
    {
        foreach (var table in ConfigData.Tables)
        {
            var file = Path.Combine(_root, "extra.tsv");
            MariaDbData.WriteRows(table, ConfigData.RowsOf(table, _rows), ConfigData.ExtraRowsOf(table, _rows), file, cancellationToken);
            await QueryAsync(1, MariaDbData.MakeStale(table) + MariaDbData.LoadFile(table, file), cancellationToken);
        }
    }

    /// <summary>Whether every table of both servers holds the same rows, floating-point columns apart or not.</summary>
    public async Task<bool> AreEqualAsync(bool withFloats, CancellationToken cancellationToken)
    {
        var sums = string.Concat(ConfigData.Tables.Select(t =>
        {
            var columns = t.Columns.Where(c => withFloats || c.Kind != DataKind.Double).Select(c => $"IFNULL(HEX(CAST({c.Name} AS CHAR)), '-')");
            return $"SELECT COUNT(*), SUM(CAST(CONV(LEFT(MD5(CONCAT_WS(',', {string.Join(", ", columns)})), 16), 16, 10) AS DECIMAL(24))) FROM {t.Name};";
        }));
        return await QueryAsync(0, sums, cancellationToken) == await QueryAsync(1, sums, cancellationToken);
    }

    /// <summary>Runs the peer; it ends with 2 where it changed rows.</summary>
    public async Task<TimeSpan> SyncAsync(CancellationToken cancellationToken)
        => (await Shell.BashAsync(
            $"pt-table-sync --execute --no-check-slave --charset utf8mb4 --databases {Database} S={_sockets[0]},u=root S={_sockets[1]},u=root; " +
            "code=$?; [ $code = 0 ] || [ $code = 2 ]",
            cancellationToken)).Elapsed;

    public async ValueTask DisposeAsync()
    {
        foreach (var socket in _sockets.Where(File.Exists))
            await Shell.BashAsync($"mariadb-admin --no-defaults -u root -S {Shell.Quote(socket)} shutdown", CancellationToken.None);
        Directory.Delete(_root, recursive: true);
    }

    private async Task StartCoreAsync(CancellationToken cancellationToken)
    {
        var user = Environment.IsPrivilegedProcess ? "--user=mysql" : string.Empty;
        foreach (var name in new[] { "b", "a" })
        {
            var folder = Path.Combine(_root, name);
            var socket = Path.Combine(folder, "s");
            Directory.CreateDirectory(folder);
            if (Environment.IsPrivilegedProcess)
                await Shell.RunAsync("chown", ["mysql", folder], cancellationToken);
            await Shell.BashAsync(
                $"mariadb-install-db --no-defaults --datadir={folder}/data --auth-root-authentication-method=normal --skip-test-db {user} > {_root}/install.log 2>&1",
                cancellationToken);
            await Shell.BashAsync(
                $"cd {folder} && (setsid {Server} --no-defaults --datadir={folder}/data --socket={socket} --skip-networking --pid-file={folder}/pid " +
                $"--local-infile=1 {user} > {folder}/log 2>&1 < /dev/null &); mariadb-admin --no-defaults -u root -S {socket} --wait=60 --connect-timeout=60 ping > /dev/null",
                cancellationToken);
            _sockets.Add(socket);
        }

        await LoadAsync(cancellationToken);
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var file = Path.Combine(_root, "rows.tsv");
        for (var server = 0; server < 2; server++)
            await Shell.BashAsync($"mariadb --no-defaults -u root -S {_sockets[server]} -e 'CREATE DATABASE {Database}'", cancellationToken);
        foreach (var table in ConfigData.Tables)
        {
            MariaDbData.WriteRows(table, 0, ConfigData.RowsOf(table, _rows), file, cancellationToken);
            for (var server = 0; server < 2; server++)
                await QueryAsync(server, MariaDbData.CreateTable(table) + MariaDbData.LoadFile(table, file) + $"ANALYZE TABLE {table.Name};", cancellationToken);
        }

        File.Delete(file);
    }

    private async Task<string> QueryAsync(int server, string sql, CancellationToken cancellationToken)
        => (await Shell.RunAsync(
            "mariadb",
            ["--no-defaults", "-u", "root", "-S", _sockets[server], "--local-infile=1", "--default-character-set=utf8mb4", "-N", "-B", "-e", sql, Database],
            cancellationToken)).Output;
}
