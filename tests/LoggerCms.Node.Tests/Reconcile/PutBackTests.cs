using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>Copies of delta files that somebody puts back beside those of today: nothing is missing, and no start is refused.</summary>
public sealed class PutBackTests
{
    [Fact]
    public async Task One_of_an_earlier_life_keeps_no_start_from_going_on_wherever_the_one_before_was_cut_off()
    {
        var at = 0;
        for (var ended = false; !ended; at++)
        {
            var (disk, database) = (NewDisk(at), new FakeSystemDatabase());
            await (await StartAsync(database, disk)).StopAsync(Token);
            var node = await StartAsync(database, disk);
            await node.MakeAsync("a");
            var file = Segments(disk)[0];
            var copy = disk.ReadAll(file);
            await node.MakeAsync("b");
            await node.StopAsync(Token);

            // All is flushed when it is killed, so that it leaves a journal without a record.
            node = await StartAsync(database, disk);
            for (var i = 0; i < 40; i++)
                await node.MakeAsync($"c{i}");
            await node.Flusher.FlushAsync(Token);
            var left = await CrashAsync(node, disk, database);

            left.Disk.Put(file, copy);
            FakeSystemDatabase? then = null;
            left.Disk.PowerGoes = () => then = left.Database.Copy();
            left.Disk.Begin(new CrashPlan { PowerLossAt = at + 1 });
            var start = new CmsNode(left.Database, left.Disk, Options, TimeProvider.System);
            await Record.ExceptionAsync(() => start.StartAsync(Token));
            ended = left.Disk.Survivor is null;
            var survivor = left.Disk.Survivor ?? left.Disk;
            await start.DisposeAsync();
            if (ended)
                break;
            await using var last = await StartAsync(then!, survivor);
            Assert.NotNull(last.Image.FindChild(SystemObjects.RootFolder, "c39"));
        }

        Assert.InRange(at, 20, 500);
    }

    [Fact]
    public async Task Segments_that_were_trimmed_since_are_not_missing_those_that_were_trimmed_after_them()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var options = Options with { Deltas = SmallDeltas };
        var node = await StartAsync(database, disk, options);
        for (var i = 0; i < 100; i++)
            await node.MakeAsync($"early {i}");
        var copies = Segments(disk).Select(path => (path, disk.ReadAll(path))).ToList();
        for (var i = 0; i < 300; i++)
            await node.MakeAsync($"flushed {i}");
        await node.Flusher.FlushAsync(Token);
        var last = await node.MakeAsync("last");
        var left = await CrashAsync(node, disk, database);
        Assert.True(copies.Count > 2);
        Assert.True(DeltaNames.Parse(Segments(left.Disk)[0])!.Value.Sequence > copies.Count + 1);

        foreach (var (path, bytes) in copies)
            left.Disk.Put(path, bytes);
        await using var again = await left.StartAsync(options);
        Assert.NotNull(again.Image.Find(last.Id));
        Assert.Empty(again.Reconciled!.Conflicts);
    }

    [Fact]
    public async Task One_with_a_name_that_no_delta_file_has_is_told()
    {
        var left = await ByAsync(node => node.MakeAsync("a"));
        var name = left.MoveElsewhere()[0];
        var other = Path.Combine(Elsewhere, "hq-" + Path.GetFileName(name));
        left.Disk.Put(other, left.Disk.ReadAll(name));
        left.Disk.Delete(name);
        left.Disk.HasFolder(Other.DataPath!);
        await using var node = await left.StartAsync(Other);
        foreach (var isPlan in (bool[])[true, false])
        {
            var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => isPlan
                ? node.PlanReconcileAsync(Elsewhere, default, setDamagedAside: false, Token)
                : node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token));
            Assert.Equal((ErrorCodes.DeltaDamaged, true), (failure.Code, failure.Remedy!.Contains($"'{name}'", StringComparison.Ordinal)));
        }

        left.Disk.Put(name, left.Disk.ReadAll(other));
        left.Disk.Delete(other);
        Assert.True((await node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token)).Applied > 0);
    }
}
