using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace LoggerCms.MultiProcess.Tests.Support;

/// <summary>A PostgreSQL server of a test's own, that can be killed with all its processes and started again.</summary>
internal sealed class OwnPostgreSql : IAsyncDisposable
{
    private const string Account = "postgres";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _programs;
    private readonly string _folder;
    private readonly int _port;
    private Process? _server;

    private OwnPostgreSql(string programs, string folder, int port) => (_programs, _folder, _port) = (programs, folder, port);

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username={Account};Timeout=5");

    private string Data => Path.Combine(_folder, "data");

    /// <summary>What this machine lacks; null where it has all.</summary>
    public static string? Missing()
    {
        if (!OperatingSystem.IsLinux())
            return "Killing a server with its processes is written for Linux.";
        if (Programs() is null)
            return "The programs of a PostgreSQL server (initdb, postgres) are in no folder of PATH and not in /usr/lib/postgresql.";
        return Environment.IsPrivilegedProcess && !File.ReadLines("/etc/passwd").Any(l => l.StartsWith(Account + ":", StringComparison.Ordinal))
            ? $"A PostgreSQL server does not run as root, and there is no account '{Account}'."
            : null;
    }

    public static async Task<OwnPostgreSql> StartNewAsync()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var server = new OwnPostgreSql(Programs()!, Directory.CreateTempSubdirectory("loggercms-pg").FullName, port);
        if (Environment.IsPrivilegedProcess)
            await RunAsync(Process.Start("chown", [Account, server._folder]));
        await RunAsync(server.Launch("initdb", "-D", server.Data, "-A", "trust", "-U", Account, "--no-sync"));
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        _server = Launch("postgres", "-D", Data, "-p", _port.ToString(CultureInfo.InvariantCulture), "-k", _folder, "-c", "listen_addresses=127.0.0.1", "-c", "log_min_messages=panic");
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
                await connection.OpenAsync(TestContext.Current.CancellationToken);
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or SocketException)
            {
                Assert.False(_server.HasExited, "The PostgreSQL server ended.");
                Assert.True(waited.Elapsed < Patience, $"Waited {Patience} for the PostgreSQL server: {exception.Message}");
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    public async Task CreateAsync(string database)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {database}", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>As a machine's out-of-memory killer would: no process of it can do anything more.</summary>
    public async Task KillAsync()
    {
        var postmaster = _server!.Id;
        List<int> all = [postmaster, .. ChildrenOf(postmaster)];
        await RunAsync(Process.Start("kill", ["-KILL", .. all.Select(id => id.ToString(CultureInfo.InvariantCulture))]), mayFail: true);
        await _server.WaitForExitAsync(CancellationToken.None);
        _server.Dispose();
        _server = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Process Launch(string program, params string[] arguments)
    {
        string[] before = Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", Account, "--regid", Account, "--clear-groups"] : [];
        string[] command = [.. before, Path.Combine(_programs, program), .. arguments];
        return Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = program == "initdb",
        })!;
    }

    private static async Task RunAsync(Process process, bool mayFail = false)
    {
        using (process)
        {
            await process.WaitForExitAsync(CancellationToken.None);
            Assert.True(mayFail || process.ExitCode == 0, $"{process.StartInfo.FileName} ended with {process.ExitCode}.");
        }
    }

    private static IEnumerable<int> ChildrenOf(int parent)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out _)))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (IOException)
            {
                // It has ended since.
                continue;
            }

            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (int.Parse(fields[1], CultureInfo.InvariantCulture) == parent)
                yield return int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
        }
    }

    private static string? Programs()
    {
        var installed = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")) : [];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(installed)
            .FirstOrDefault(f => f.Length > 0 && File.Exists(Path.Combine(f, "initdb")) && File.Exists(Path.Combine(f, "postgres")));
    }
}
