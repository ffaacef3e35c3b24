using System.Diagnostics;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Torture;

/// <summary>
/// How long a start takes after a kill against one after a clean stop. It asserts no time: it prints medians. <c>LOGGERCMS_TEST_NODE_SPEED</c> sets
/// how many thousand objects there are, <c>LOGGERCMS_TEST_NODE_SPEED_DELTAS</c> how many thousand deltas, otherwise a tenth as many.
/// </summary>
public sealed class StartSpeed
{
    private const int Rounds = 3;

    private static readonly int Objects = Number("LOGGERCMS_TEST_NODE_SPEED", 0) * 1000;
    private static readonly int Deltas = Number("LOGGERCMS_TEST_NODE_SPEED_DELTAS", Objects / 10_000) * 1000;

    [Fact]
    public async Task A_start_after_a_kill_against_a_start_after_a_clean_stop()
    {
        Assert.SkipUnless(Objects > 0, "LOGGERCMS_TEST_NODE_SPEED is not set.");
        var folder = Directory.CreateTempSubdirectory("loggercms-speed-").FullName;
        try
        {
            await MeasureAsync(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(string folder)
    {
        var options = Options with { DeltaPath = Path.Combine(folder, "deltas"), Deltas = new(), Cluster = new ClusterOptions { FlushInterval = TimeSpan.FromHours(1) } };
        var file = Path.Combine(folder, "system.db");
        await using (var database = Open(file))
        {
            var node = await NodeFixture.StartAsync(database, SystemFiles.Instance, options);
            await FillAsync(node, Objects);
            await node.StopAsync(Token);
        }

        List<double> clean = [];
        for (var i = 0; i < Rounds; i++)
        {
            await using var database = Open(file);
            clean.Add(await TimeAsync(database, options, node => node.StopAsync(Token)));
        }

        await using (var database = Open(file))
        {
            var node = await NodeFixture.StartAsync(database, SystemFiles.Instance, options);
            await ChangeAsync(node);

            // As a kill leaves it: nothing flushed, the lease not given back.
            await node.DisposeAsync();
        }

        var killed = Path.Combine(folder, "killed");
        Copy(folder, killed);
        List<double> after = [];
        for (var i = 0; i < Rounds; i++)
        {
            Copy(killed, folder);
            await using var database = Open(file);
            after.Add(await TimeAsync(database, options, async node => await node.DisposeAsync()));
        }

        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine($"{Objects} objects; clean {Tell(clean)} s; with {Deltas} deltas {Tell(after)} s; ratio {Median(after) / Median(clean):0.00}");
    }

    private static async Task<double> TimeAsync(ISystemDatabase database, NodeOptions options, Func<CmsNode, Task> end)
    {
        GC.Collect();
        var (collections, pause) = (Collections(), GC.GetTotalPauseDuration());
        var started = Stopwatch.GetTimestamp();
        var node = await NodeFixture.StartAsync(database, SystemFiles.Instance, options);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"start {seconds:0.00} s, load {node.LoadTime.TotalSeconds:0.00} s, reconcile {node.Reconciled!.Elapsed.TotalSeconds:0.00} s of {node.Reconciled.Records} records, {node.Reconciled.Applied} applied; "
            + $"{string.Join('/', Collections().Zip(collections, (now, then) => now - then))} collections, paused {(GC.GetTotalPauseDuration() - pause).TotalSeconds:0.00} s");
        await end(node);
        return seconds;
    }

    private static async Task FillAsync(CmsNode node, int objects)
    {
        var properties = new PropertyBagBuilder().Set("t", 0L).Set("text", new string('x', 440)).Build().Encode();
        List<long> folders = [];
        for (var i = 0; i < 100; i++)
            folders.Add((await node.MakeAsync($"folder {i}")).Id);
        List<WriteOperation> batch = [];
        for (var i = 0; i < objects; i++)
        {
            batch.Add(Create($"object {i}", folders[i % 100], ObjectKinds.Webi, properties));
            if (batch.Count < 10_000 && i < objects - 1)
                continue;
            await node.Sequencer.WriteAsync(Request(batch));
            batch = [];
            await node.Flusher.FlushAsync(Token);
        }
    }

    private static async Task ChangeAsync(CmsNode node)
    {
        var all = node.Image.OfKind(ObjectKinds.Webi).Select(o => o.Id).ToList();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            for (var i = Interlocked.Increment(ref next); i < Deltas; i = Interlocked.Increment(ref next))
            {
                await node.Sequencer.WriteAsync(Request(
                    Guid.CreateVersion7(),
                    new ChangeObject { Id = all[(int)(i * 7L % all.Count)], Properties = old => new PropertyBagBuilder(PropertyBag.Over(old)).Set("t", (long)i).Build().Encode() }));
            }
        })));
    }

    private static ISystemDatabase Open(string file) => SystemDatabaseFactory.Open(new SideConnection(SideProvider.Sqlite, file));

    private static void Copy(string from, string to)
    {
        var deltas = Path.Combine(to, "deltas");
        if (Directory.Exists(deltas))
            Directory.Delete(deltas, recursive: true);
        Directory.CreateDirectory(deltas);
        foreach (var path in Directory.GetFiles(from, "system.db*").Concat(Directory.GetFiles(Path.Combine(from, "deltas"))))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, path));
            File.Copy(path, copy, overwrite: true);

            // Or the first sync of the start would write the whole copy.
            using var file = new FileStream(copy, FileMode.Open, FileAccess.ReadWrite);
            file.Flush(flushToDisk: true);
        }
    }

    private static int[] Collections() => [.. Enumerable.Range(0, GC.MaxGeneration + 1).Select(GC.CollectionCount)];

    private static double Median(List<double> of) => of.Order().ElementAt(of.Count / 2);

    private static string Tell(List<double> of) => $"{Median(of):0.00} ({string.Join(' ', of.Select(s => $"{s:0.00}"))})";
}
