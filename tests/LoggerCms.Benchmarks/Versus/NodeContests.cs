using System.Globalization;
using System.Text.RegularExpressions;
using LoggerCms.Benchmarks.RunOne;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>
/// A node's network against Redis and etcd. Node and etcd are asked by wrk, Redis by redis-benchmark; the times are those of a million requests at
/// the rate that was reached.
/// </summary>
internal sealed partial class NodeContests(Workspace workspace, string program)
{
    public const string Get = "node-get";
    public const string Write = "node-write";
    public const string Batch = "node-write-16";

    private const double Requests = 1_000_000;
    private const int Seconds = 8;
    private const int Objects = 10_000;
    private const int TextLength = 280;

    /// <summary>A node runs for months: the seconds in which its code is compiled are not its speed.</summary>
    private const int WarmSeconds = 12;
    private const int BatchSize = 16;
    private const string Redis = "Redis";
    private const string Etcd = "etcd by its HTTP gateway";

    public static IReadOnlyList<string> Names => [Get, Write, Batch];

    public async Task RunAsync(ContestRunner runner, CancellationToken cancellationToken)
    {
        await runner.RunAsync(
            Contest(
                Get, "1,000,000 reads by id, 50 connections", 50, ReadScript(), "redis-benchmark -t get -d 300 -c 50 -n 300000", EtcdScript("range"), 1,
                [new("ours", Redis, 1 / 0.4, ByInside: true), new("ours", Etcd, 1 / 3.0, ByInside: true)]),
            cancellationToken);
        await runner.RunAsync(
            Contest(
                Write, "1,000,000 durable writes, 64 clients, one change a request", 64, WriteScript(1), "redis-benchmark -t set -d 300 -c 64 -n 300000", EtcdScript("put"), 1,
                [new("ours", Redis, 1 / 0.4, ByInside: true), new("ours", Etcd, 1 / 2.0, ByInside: true)]),
            cancellationToken);
        await runner.RunAsync(
            Contest(
                Batch, "1,000,000 durable writes, 64 clients, 16 changes a request", 64, WriteScript(BatchSize), "redis-benchmark -t set -d 300 -c 64 -n 300000", null, BatchSize,
                [new("ours", Redis, 1 / 2.0, ByInside: true)]),
            cancellationToken);
    }

    private Contest Contest(
        string name, string work, int connections, Func<NodeServer, long, string> script, string redis, string? etcd, int perRequest, IReadOnlyList<Pairing> pairings)
    {
        var wrk = Shell.Find("wrk") is null ? "not run: no wrk on this machine" : null;
        List<Contestant> contestants =
        [
            new()
            {
                Name = "ours",
                IsOurs = true,
                NotRun = wrk,
                RunAsync = token => OursAsync(name, connections, script, perRequest, token),
                CheckAsync = (_, _) => Task.FromResult("HTTPS with a token; wrk saw no answer but 200"),
            },
            new()
            {
                Name = Redis,
                NotRun = Shell.Find("redis-server") is null ? "not run: no redis-server on this machine" : null,
                RunAsync = token => RedisAsync(redis, token),
                CheckAsync = (_, _) => Task.FromResult("appendonly yes, appendfsync always; redis-benchmark without pipelining, 300 bytes"),
            },
        ];
        if (etcd is not null)
        {
            contestants.Add(new()
            {
                Name = Etcd,
                NotRun = wrk ?? (Shell.Find("etcd") is null ? "not run: no etcd on this machine" : null),
                RunAsync = token => EtcdAsync(connections, etcd, token),
                CheckAsync = (_, _) => Task.FromResult("HTTP without TLS; wrk saw no answer but 200"),
            });
        }

        return new Contest { Name = name, Work = work, Contestants = contestants, Pairings = pairings };
    }

    private async Task<(Sample Sample, RunOneReport? Report)> OursAsync(
        string name, int connections, Func<NodeServer, long, string> script, int perRequest, CancellationToken cancellationToken)
    {
        var home = workspace.Path("node-" + name);
        if (Directory.Exists(home))
            Directory.Delete(home, recursive: true);
        await using var server = await NodeServer.StartAsync(program, home, cancellationToken);
        var first = await server.FillAsync(Objects, TextLength, cancellationToken);
        var lua = workspace.Path("node.lua");
        await File.WriteAllTextAsync(lua, script(server, first), cancellationToken);
        return Rated(await WrkAsync(connections, lua, server.Endpoint, cancellationToken) * perRequest);
    }

    private async Task<(Sample Sample, RunOneReport? Report)> EtcdAsync(int connections, string script, CancellationToken cancellationToken)
    {
        var lua = workspace.Path("etcd.lua");
        await File.WriteAllTextAsync(lua, script, cancellationToken);
        var data = workspace.Path("etcd");
        var said = await Shell.BashAsync(
            $"rm -rf {Shell.Quote(data)}; etcd --data-dir {Shell.Quote(data)} --listen-client-urls http://127.0.0.1:23790 --advertise-client-urls http://127.0.0.1:23790 " +
            "--listen-peer-urls http://127.0.0.1:23800 --log-level error > /dev/null 2>&1 & server=$!; " +
            "for i in $(seq 100); do curl -sf http://127.0.0.1:23790/health > /dev/null && break; sleep 0.1; done; " +
            "curl -sf http://127.0.0.1:23790/v3/kv/put -d \"{\\\"key\\\":\\\"azE=\\\",\\\"value\\\":\\\"$(head -c 300 /dev/zero | tr '\\0' x | base64 -w 0)\\\"}\" > /dev/null; " +
            $"wrk -t1 -c{connections} -d{Seconds}s -s {Shell.Quote(lua)} http://127.0.0.1:23790/; kill $server; wait $server || true",
            cancellationToken);
        return Rated(Rate(said.Output));
    }

    private async Task<(Sample Sample, RunOneReport? Report)> RedisAsync(string benchmark, CancellationToken cancellationToken)
    {
        var folder = workspace.Path("redis-node");
        var socket = "-p 16399";
        var said = await Shell.BashAsync(
            $"rm -rf {Shell.Quote(folder)}; mkdir {Shell.Quote(folder)}; redis-server --port 16399 --bind 127.0.0.1 --dir {Shell.Quote(folder)} --appendonly yes " +
            $"--appendfsync always --save '' --logfile {Shell.Quote(Path.Combine(folder, "log"))} & server=$!; " +
            $"until [ \"$(redis-cli {socket} ping 2>&1)\" = PONG ]; do kill -0 $server || exit 3; sleep 0.02; done; " +
            $"redis-cli {socket} set key:__rand_int__ $(head -c 300 /dev/zero | tr '\\0' x) > /dev/null; {benchmark} {socket} --csv; redis-cli {socket} shutdown nosave; wait $server",
            cancellationToken);
        var row = said.Output.Split('\n').First(l => l.StartsWith("\"SET\"", StringComparison.Ordinal) || l.StartsWith("\"GET\"", StringComparison.Ordinal));
        return Rated(double.Parse(row.Split(',')[1].Trim('"'), CultureInfo.InvariantCulture));
    }

    private static async Task<double> WrkAsync(int connections, string lua, string endpoint, CancellationToken cancellationToken)
        => Rate((await Shell.BashAsync(
            string.Create(CultureInfo.InvariantCulture, $"wrk -t1 -c{connections} -d{WarmSeconds}s -s {Shell.Quote(lua)} {endpoint} > /dev/null; wrk -t1 -c{connections} -d{Seconds}s -s {Shell.Quote(lua)} {endpoint}"),
            cancellationToken)).Output);

    private static double Rate(string said)
    {
        Checks.Require(!said.Contains("Non-2xx", StringComparison.Ordinal) && !said.Contains("Socket errors", StringComparison.Ordinal), $"wrk said: {said}");
        return double.Parse(RatePattern().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    private static (Sample, RunOneReport?) Rated(double perSecond)
    {
        var time = TimeSpan.FromSeconds(Requests / perSecond);
        return (new Sample(time, time), null);
    }

    private static Func<NodeServer, long, string> ReadScript() => (server, first) =>
        $$"""
        wrk.headers["Authorization"] = "Bearer {{server.Token}}"
        local at = 0
        request = function()
          at = (at + 7919) % {{Objects}}
          return wrk.format("GET", "/v1/objects/" .. ({{first}} + at))
        end
        """;

    private static Func<NodeServer, long, string> WriteScript(int changes) => (server, first) =>
        $$"""
        wrk.headers["Authorization"] = "Bearer {{server.Token}}"
        wrk.headers["Content-Type"] = "application/json"
        local at = 0
        local text = string.rep("y", 270)
        request = function()
          local changes = {}
          for i = 1, {{changes}} do
            at = (at + 7919) % {{Objects}}
            changes[i] = '{"Operation":"Update","Id":' .. ({{first}} + at) .. ',"Properties":{"text":"' .. text .. '"}' .. '}'
          end
          return wrk.format("POST", "/v1/changes", nil, '{"Changes":[' .. table.concat(changes, ",") .. ']}')
        end
        """;

    private static string EtcdScript(string call)
    {
        var value = call == "put" ? ",\"value\":\"' .. value .. '\"" : "";
        return $$"""
        wrk.headers["Content-Type"] = "application/json"
        local value = string.rep("eXl5", 100)
        request = function()
          return wrk.format("POST", "/v3/kv/{{call}}", nil, '{"key":"azE="{{value}}' .. '}')
        end
        """;
    }

    [GeneratedRegex(@"Requests/sec:\s+([0-9.]+)")]
    private static partial Regex RatePattern();
}
