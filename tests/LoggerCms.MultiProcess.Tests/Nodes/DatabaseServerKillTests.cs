using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LoggerCms.MultiProcess.Tests.Support;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>
/// The database server dies with all its processes under a node that clients write to, and comes back. LOGGERCMS_TEST_NODE_KILLS sets how often,
/// LOGGERCMS_TEST_NODE_SEED replays the clients' choices (not the moments).
/// </summary>
public sealed class DatabaseServerKillTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _home = Directory.CreateTempSubdirectory("loggercms-node").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task Clients_write_on_while_the_server_is_gone_and_all_they_were_told_is_in_the_database_when_it_is_back()
    {
        var missing = OwnPostgreSql.Missing();
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
        var kills = Number("LOGGERCMS_TEST_NODE_KILLS", 2);
        var seed = Number("LOGGERCMS_TEST_NODE_SEED", Random.Shared.Next());
        output.WriteLine($"Seed {seed}, {kills} kills.");
        var random = new Random(seed);
        await using var server = await OwnPostgreSql.StartNewAsync();
        await server.CreateAsync("side_a");
        string[] settings = ["--port", "0", "--flushintervalms", "50", "--database", $"postgresql:{server.ConnectionString};Database=side_a"];
        List<TortureClient> clients = [.. Enumerable.Range(0, 4).Select(i => new TortureClient(i, seed + i))];
        await using (var node = await NodeProcess.StartAsync(_home, null, settings))
        {
            await Task.WhenAll(clients.Select(c => c.PrepareAsync(node)));
            var running = clients.Select(c => Task.Run(() => c.RunAsync(node), Cancellation)).ToList();
            for (var kill = 0; kill < kills; kill++)
            {
                await Task.Delay(random.Next(100, 1500), Cancellation);
                await server.KillAsync();
                var degraded = await UntilAsync(node, n => n.GetProperty("State").GetString() == "Degraded");
                Assert.Contains("database", degraded.GetProperty("Reason").GetString(), StringComparison.OrdinalIgnoreCase);

                // What is acknowledged now is in delta files alone.
                var (flushed, key) = (Key(degraded, "FlushedUpdateKey"), Key(degraded, "LastUpdateKey"));
                var later = await UntilAsync(node, n => Key(n, "LastUpdateKey") > key + 20);
                Assert.Equal(flushed, Key(later, "FlushedUpdateKey"));
                await server.StartAsync();
                var missed = Key(later, "LastUpdateKey");
                await UntilAsync(node, n => n.GetProperty("State").GetString() == "Ready" && Key(n, "FlushedUpdateKey") >= missed);
                Assert.All(running, r => Assert.False(r.IsCompleted, $"A client gave up: {r.Exception}"));
            }

            // Both at once: the node's files and the server's have to tell it all.
            await server.KillAsync();
            node.Kill();
            await Task.WhenAll(running);
        }

        await server.StartAsync();
        await using (var node = await NodeProcess.StartAsync(_home, null, settings))
        {
            await Task.WhenAll(clients.Select(c => c.CheckAsync(node)));
            Assert.Equal(0, await node.StopAsync());
            Assert.Empty(Directory.GetFiles(Path.Combine(node.DataPath, "deltas")));
        }

        await using var again = await NodeProcess.StartAsync(_home, null, settings);
        await Task.WhenAll(clients.Select(c => c.CheckAsync(again)));
        output.WriteLine($"{clients.Sum(c => c.Acknowledged)} changes were acknowledged, {clients.Sum(c => c.Repeated)} of them to a second try.");
    }

    [Fact]
    public async Task A_node_does_not_start_without_the_server_and_starts_when_it_is_back()
    {
        var missing = OwnPostgreSql.Missing();
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
        await using var server = await OwnPostgreSql.StartNewAsync();
        await server.CreateAsync("side_a");
        string[] settings = ["--port", "0", "--flushintervalms", "3600000", "--database", $"postgresql:{server.ConnectionString};Database=side_a"];
        long id;
        await using (var node = await NodeProcess.StartAsync(_home, null, settings))
        {
            id = (await node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = "kept", ParentId = 23 })).GetProperty("Id").GetInt64();
            await server.KillAsync();
            Assert.NotEqual(0, await node.StopAsync());
            Assert.NotEmpty(Directory.GetFiles(Path.Combine(node.DataPath, "deltas")));
        }

        var (exitCode, said) = await NodeProcess.FailAsync(_home, settings);
        Assert.Equal(1, exitCode);
        Assert.Contains("[ServerUnreachable]", said, StringComparison.Ordinal);
        await server.StartAsync();
        await using var again = await NodeProcess.StartAsync(_home, null, settings);
        Assert.Equal("kept", (await again.GetAsync($"v1/objects/{id}")).Body.GetProperty("Name").GetString());
    }

    private static async Task<JsonElement> UntilAsync(NodeProcess node, Func<JsonElement, bool> isReached)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var (_, info) = await node.GetAsync("v1/node");
            if (isReached(info))
                return info;
            Assert.True(waited.Elapsed < Patience, $"Waited {Patience}, and the node is: {info}");
            await Task.Delay(20, Cancellation);
        }
    }

    private static long Key(JsonElement node, string name) => node.GetProperty(name).GetInt64();

    private static int Number(string name, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
