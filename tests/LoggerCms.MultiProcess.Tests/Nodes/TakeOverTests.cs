using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>A side whose node is gone or frozen, taken by another node with another data folder.</summary>
public sealed class TakeOverTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _home = Directory.CreateTempSubdirectory("loggercms-node").FullName;

    private string First => Path.Combine(_home, "first");

    private string Second => Path.Combine(_home, "second");

    private string[] Settings => ["--port", "0", "--database", "sqlite:" + Path.Combine(_home, "side.db")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public async Task A_killed_nodes_side_is_refused_without_being_asked_for_and_taken_with_it()
    {
        long flushed, lost, epoch;
        string deltas;
        await using (var node = await NodeProcess.StartAsync(First, null, [.. Settings, "--flushintervalms", "3600000"]))
        {
            flushed = await MakeAsync(node, "flushed");
            Assert.Equal(HttpStatusCode.NoContent, (await node.PostAsync("v1/flush", new { })).Status);
            lost = await MakeAsync(node, "in a delta file alone");
            epoch = (await node.GetAsync("v1/node")).Body.GetProperty("Epoch").GetInt64();
            deltas = Path.Combine(node.DataPath, "deltas");
            node.Kill();
        }

        var (exitCode, said) = await NodeProcess.FailAsync(Second, Settings);
        Assert.Equal(1, exitCode);
        Assert.Contains("[SideInService]", said, StringComparison.Ordinal);
        Assert.Contains("-TakeOver, which may lose what only its delta files hold", said, StringComparison.Ordinal);

        await using var taker = await NodeProcess.StartAsync(Second, null, [.. Settings, "--takeover", "true"]);
        var (_, info) = await taker.GetAsync("v1/node");
        Assert.Equal(("Ready", epoch + 1), (info.GetProperty("State").GetString(), info.GetProperty("Epoch").GetInt64()));
        Assert.Equal(HttpStatusCode.OK, (await taker.GetAsync($"v1/objects/{flushed}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await taker.GetAsync($"v1/objects/{lost}")).Status);
        Assert.NotEqual(lost, await MakeAsync(taker, "new"));

        // The other node does not come back beside it, and what it held alone can still be brought in.
        var (_, refused) = await NodeProcess.FailAsync(First, Settings);
        Assert.Contains("[SideInService]", refused, StringComparison.Ordinal);
        var (status, result) = await taker.PostAsync("v1/reconcile", new { Path = deltas });
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal((1, 0), (result.GetProperty("Applied").GetInt32(), result.GetProperty("Conflicts").GetArrayLength()));
        Assert.Equal("in a delta file alone", (await taker.GetAsync($"v1/objects/{lost}")).Body.GetProperty("Name").GetString());
        Assert.Empty(Directory.GetFiles(deltas));
        Assert.Equal(0, await taker.StopAsync());
    }

    [Fact]
    public async Task A_change_that_a_reconcile_keeps_out_is_in_the_audit_as_one_that_failed()
    {
        long id;
        string deltas;
        await using (var node = await NodeProcess.StartAsync(First, null, [.. Settings, "--flushintervalms", "3600000"]))
        {
            id = await MakeAsync(node, "contested");
            await node.PostAsync("v1/flush", new { });
            await node.ChangeAsync(new { Operation = "Update", Id = id, Properties = new { by = "first" } });
            deltas = Path.Combine(node.DataPath, "deltas");
            node.Kill();
        }

        await using var taker = await NodeProcess.StartAsync(Second, null, [.. Settings, "--takeover", "true"]);
        await taker.ChangeAsync(new { Operation = "Update", Id = id, Properties = new { by = "second" } });
        var (_, result) = await taker.PostAsync("v1/reconcile", new { Path = deltas });
        Assert.Equal("KeptCurrent", result.GetProperty("Conflicts")[0].GetProperty("Decision").GetString());
        Assert.Equal("second", (await taker.GetAsync($"v1/objects/{id}")).Body.GetProperty("Properties").GetProperty("by").GetString());

        // The node keeps its audit events on its disk first, and writes them to the audit database at intervals.
        var waited = Stopwatch.StartNew();
        while (true)
        {
            var (status, page) = await taker.PostAsync("v1/audit/query", new { ObjectId = id });
            Assert.Equal(HttpStatusCode.OK, status);
            var updates = page.GetProperty("Events").EnumerateArray().Where(e => e.GetProperty("Action").GetString() == "Update").ToList();
            if (updates.Count == 2)
            {
                var failed = Assert.Single(updates, e => e.GetProperty("Result").ToString() == "Failed");
                Assert.Contains("kept out by a reconcile", failed.GetProperty("Detail").GetString(), StringComparison.Ordinal);
                break;
            }

            Assert.True(waited.Elapsed < Patience && updates.Count < 2, $"Waited {Patience} for both updates in the audit: {page}");
            await Task.Delay(50, Cancellation);
        }
    }

    [Fact]
    public async Task A_frozen_node_whose_side_was_taken_ends_when_it_wakes_and_writes_nothing()
    {
        await using var frozen = await NodeProcess.StartAsync(First, null, [.. Settings, "--flushintervalms", "50"]);
        var before = await MakeAsync(frozen, "before");
        await frozen.PostAsync("v1/flush", new { });
        await SignalAsync(frozen, "STOP");
        await using var taker = await NodeProcess.StartAsync(Second, null, [.. Settings, "--takeover", "true"]);
        var after = await MakeAsync(taker, "after");
        await taker.PostAsync("v1/flush", new { });
        await SignalAsync(frozen, "CONT");

        var waited = Stopwatch.StartNew();
        while (!frozen.HasEnded)
        {
            Assert.True(waited.Elapsed < Patience, $"Waited {Patience} for the frozen node to end: {frozen.Said}");
            try
            {
                // It learns of it with the first change that it would flush.
                await frozen.PostAsync("v1/changes", new { Changes = new[] { new { Operation = "Create", Kind = "Folder", Name = $"late {waited.ElapsedTicks}", ParentId = 23 } } });
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
            {
                // It has gone in the middle of the answer.
            }

            await Task.Delay(20, Cancellation);
        }

        Assert.Contains("[EpochLost]", frozen.Said, StringComparison.Ordinal);
        var (_, children) = await taker.GetAsync("v1/objects/23/children?take=1000&after=0");
        Assert.Equal([before, after], children.GetProperty("Objects").EnumerateArray().Select(o => o.GetProperty("Id").GetInt64()));
        Assert.Equal(0, await taker.StopAsync());
    }

    private static async Task<long> MakeAsync(NodeProcess node, string name)
        => (await node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = name, ParentId = 23 })).GetProperty("Id").GetInt64();

    private static async Task SignalAsync(NodeProcess node, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, node.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Cancellation);
    }
}
