using System.Globalization;
using System.Text;
using LoggerCms.Benchmarks.RunOne;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>The delta journal: durable appends against the bare calls, and a replay against Redis loading the same changes.</summary>
internal sealed class DeltaContests(Workspace workspace, OurChild child)
{
    public const string Append = "delta-append";
    public const string Replay = "delta-replay";

    private const int Appended = 640_000;
    private const int Replayed = 1_000_000;

    public static IReadOnlyList<string> Names => [Append, Replay];

    public async Task RunAsync(VersusOptions options, ContestRunner runner, CancellationToken cancellationToken)
    {
        await runner.RunAsync(Appends(), cancellationToken);
        if (!options.Wants(Replay))
            return;
        var folder = workspace.Path("replay-deltas");
        await Gone("replay-deltas");
        await child.RunAsync(cancellationToken, "delta-append", folder, Replayed.ToString(CultureInfo.InvariantCulture));
        await runner.RunAsync(Replays(folder), cancellationToken);
    }

    private Contest Appends() => new()
    {
        Name = Append,
        Work = string.Create(CultureInfo.InvariantCulture, $"{Appended:N0} durable records of {DeltaWork.RecordBytes} bytes, {DeltaWork.Writers} at a time"),
        Pairings =
        [
            new("ours", "write + fdatasync", 1 / 0.8, ByInside: true),
            new("ours", "the same into synced zeros", null, ByInside: true),
        ],
        Contestants =
        [
            new()
            {
                Name = "ours",
                IsOurs = true,
                PrepareAsync = _ => Gone("append-deltas"),
                RunAsync = token => child.RunAsync(token, "delta-append", workspace.Path("append-deltas"), Appended.ToString(CultureInfo.InvariantCulture)),
                CheckAsync = async (report, token) =>
                {
                    // Read back in a process of its own.
                    var (_, read) = await child.RunAsync(token, "delta-replay", workspace.Path("append-deltas"));
                    Checks.Require(read!.Deltas!.Records == Appended, $"ours read back {read.Deltas.Records} records");
                    return string.Create(
                        CultureInfo.InvariantCulture,
                        $"{DeltaWork.Writers} writers, {report!.Deltas!.Groups:N0} groups, {report.Deltas.AllocatedBytes:0.0} bytes allocated a record; all read back with their CRC");
                },
            },
            Bare("write + fdatasync", "growing"),
            Bare("the same into synced zeros", "made-ahead"),
        ],
    };

    private Contestant Bare(string name, string file) => new()
    {
        Name = name,
        PrepareAsync = _ => Gone("append-bare"),
        RunAsync = token => child.RunAsync(
            token, "delta-bare", Path.Combine(Directory.CreateDirectory(workspace.Path("append-bare")).FullName, "file"), Appended.ToString(CultureInfo.InvariantCulture), file),
        CheckAsync = (_, _) =>
        {
            var length = new FileInfo(Path.Combine(workspace.Path("append-bare"), "file")).Length;
            Checks.Require(length == (long)Appended * DeltaWork.RecordBytes, $"the file has {length} bytes");
            return Task.FromResult(string.Create(CultureInfo.InvariantCulture, $"one thread, one write of {DeltaWork.Writers} records and one fdatasync each, {length:N0} bytes"));
        },
    };

    private Contest Replays(string folder) => new()
    {
        Name = Replay,
        Work = string.Create(CultureInfo.InvariantCulture, $"replay of {Replayed:N0} changes of {DeltaWork.RecordBytes} bytes"),
        Pairings = [new("ours", "Redis loading its append-only file", 0.7, ByInside: true)],
        Contestants =
        [
            new()
            {
                Name = "ours",
                IsOurs = true,
                RunAsync = token => child.RunAsync(token, "delta-replay", folder),
                CheckAsync = (report, _) =>
                {
                    Checks.Require(report!.Deltas!.Records == Replayed, $"ours read {report.Deltas.Records} records");
                    return Task.FromResult("every record read, its CRC checked, handed over as a span; nothing is put into a run time image here");
                },
            },
            new()
            {
                Name = "Redis loading its append-only file",
                NotRun = Shell.Find("redis-server") is null ? "not run: no redis-server on this machine" : null,
                PrepareAsync = _ => PrepareRedisAsync(),
                RunAsync = RunRedisAsync,
                CheckAsync = (_, _) => Task.FromResult(string.Create(CultureInfo.InvariantCulture, $"DBSIZE says {Replayed:N0}; its own figure for the load")),
            },
        ],
    };

    private Task Gone(string name)
    {
        if (Directory.Exists(workspace.Path(name)))
            Directory.Delete(workspace.Path(name), recursive: true);
        return Task.CompletedTask;
    }

    private async Task PrepareRedisAsync()
    {
        var folder = workspace.Path("redis");
        if (Directory.Exists(folder))
            return;
        Directory.CreateDirectory(folder);
        await using var file = new StreamWriter(Path.Combine(folder, "appendonly.aof"), append: false, new UTF8Encoding(false), 1 << 20);
        var value = new string('x', DeltaWork.RecordBytes - 20);
        for (var i = 0; i < Replayed; i++)
            await file.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"*3\r\n$3\r\nSET\r\n$12\r\nk{i:D11}\r\n${value.Length}\r\n{value}\r\n"));
    }

    private async Task<(Sample Sample, RunOneReport? Report)> RunRedisAsync(CancellationToken cancellationToken)
    {
        var folder = workspace.Path("redis");
        var socket = Shell.Quote(Path.Combine(folder, "socket"));
        var log = Shell.Quote(Path.Combine(folder, "log"));
        var result = await Shell.BashAsync(
            $"redis-server --port 0 --unixsocket {socket} --dir {Shell.Quote(folder)} --appendonly yes --save '' --logfile {log} & server=$!; " +
            $"until [ \"$(redis-cli -s {socket} ping 2>&1)\" = PONG ]; do kill -0 $server || exit 3; sleep 0.02; done; " +
            $"redis-cli -s {socket} dbsize; redis-cli -s {socket} shutdown nosave; wait $server; " +
            $"grep 'DB loaded from append only file' {log} | tail -1 | sed 's/.*: \\([0-9.]*\\) seconds.*/\\1/'",
            cancellationToken);
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Checks.Require(lines.Length >= 2 && lines[0].EndsWith(Replayed.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), $"Redis said: {result.Output}");
        return (new Sample(result.Elapsed, TimeSpan.FromSeconds(double.Parse(lines[^1], CultureInfo.InvariantCulture))), null);
    }
}
