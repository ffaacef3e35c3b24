using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>Delta files and databases that are of two histories, and what a folder owes when another node has taken its files.</summary>
public sealed class HistoryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_epoch_of_the_same_number_that_another_node_had_is_another_epoch(bool isPlan)
    {
        var first = new FakeSystemDatabase();
        await (await NodeFixture.StartAsync(first, NewDisk())).StopAsync(Token);

        // A standby that lacks the last commits, the taking of epoch 2 among them.
        var standby = first.Copy();
        var left = await ByAsync(node => node.MakeAsync("acknowledged"), new Left(NewDisk(), first));
        left.MoveElsewhere();
        left.Disk.HasFolder(Other.DataPath!);
        var second = await NodeFixture.StartAsync(standby, left.Disk, Other);
        for (var i = 0; i < 20; i++)
            await second.MakeAsync($"of the other {i}");
        await second.StopAsync(Token);
        await using var node = await NodeFixture.StartAsync(standby, left.Disk, Other);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => isPlan
            ? node.PlanReconcileAsync(Elsewhere, ConflictPolicy.ApplyDelta, setDamagedAside: false, Token)
            : node.ReconcileAsync(Elsewhere, ConflictPolicy.ApplyDelta, setDamagedAside: false, Token));
        Assert.Equal(ErrorCodes.DeltaDamaged, failure.Code);
        Assert.Contains(Other.NodeId.ToString(), failure.Message, StringComparison.Ordinal);
        Assert.Contains(left.Disk.Paths, p => p.StartsWith(Elsewhere, StringComparison.Ordinal) && p.EndsWith(".delta", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_goes_on_from_an_earlier_state_says_so()
    {
        var first = new FakeSystemDatabase();
        await (await NodeFixture.StartAsync(first, NewDisk())).StopAsync(Token);
        var earlier = first.Copy();
        var disk = NewDisk();
        var life = await NodeFixture.StartAsync(first, disk);
        await life.MakeAsync("flushed and gone");
        await life.StopAsync(Token);
        Assert.Equal(ErrorCodes.DatabaseWentBack, (await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(earlier, disk))).Code);
        await (await NodeFixture.StartAsync(earlier, disk, Options with { TakeOver = true })).StopAsync(Token);
        await (await NodeFixture.StartAsync(earlier, disk)).StopAsync(Token);
    }

    [Fact]
    public async Task Who_goes_on_from_an_earlier_state_uses_no_number_of_the_lost_one_again()
    {
        var first = new FakeSystemDatabase();
        await (await NodeFixture.StartAsync(first, NewDisk())).StopAsync(Token);
        var earlier = first.Copy();
        var lost = 0L;
        var left = await ByAsync(async node => lost = (await node.MakeAsync("acknowledged")).Id, new Left(NewDisk(), first));
        left.MoveElsewhere();
        var goesOn = Options with { TakeOver = true, SetDamagedAside = true };
        await (await NodeFixture.StartAsync(earlier, left.Disk, goesOn)).StopAsync(Token);
        var second = await NodeFixture.StartAsync(earlier, left.Disk);
        var made = await second.MakeAsync("made anew");
        for (var i = 0; i < 20; i++)
            await second.MakeAsync($"and {i}");
        await second.StopAsync(Token);

        await using var node = await NodeFixture.StartAsync(earlier, left.Disk);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => node.ReconcileAsync(Elsewhere, ConflictPolicy.ApplyDelta, setDamagedAside: false, Token));
        Assert.Equal((ErrorCodes.DeltaDamaged, true), (failure.Code, failure.Message.Contains("no such epoch", StringComparison.Ordinal)));
        Assert.Contains(left.Disk.Paths, p => p.StartsWith(Elsewhere, StringComparison.Ordinal) && p.EndsWith(".delta", StringComparison.Ordinal));
        Assert.True(made.Id > lost);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Where_folder_and_database_were_both_put_back_the_files_of_the_history_that_was_left_are_told_from_the_new_ones(bool isFlushed)
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        await (await NodeFixture.StartAsync(database, disk)).StopAsync(Token);
        var copy = new Left(NewDisk(), database.Copy());
        foreach (var kept in disk.Paths)
            copy.Disk.Put(kept, disk.ReadAll(kept));
        var left = await ByAsync(node => node.MakeAsync("acknowledged"), new Left(disk, database));
        var lost = left.Disk.ReadAll(Segments(left.Disk)[0]);

        // The same node comes to the same epoch once more, with other changes of the same ids and keys.
        copy = await ByAsync(
            async node =>
            {
                await node.MakeAsync("made instead");
                if (isFlushed)
                    await node.Flusher.FlushAsync(Token);
            },
            copy);
        await (await copy.StartAsync()).StopAsync(Token);
        await using var node = await copy.StartAsync();
        copy.Disk.HasFolder(Elsewhere);
        var path = Path.Combine(Elsewhere, "000000000002-00000001.delta");
        copy.Disk.Put(path, lost);
        foreach (var asked in (Func<Task>[])[() => node.PlanReconcileAsync(Elsewhere, default, false, Token), () => node.ReconcileAsync(Elsewhere, default, false, Token)])
        {
            var failure = await Assert.ThrowsAsync<LoggerCmsException>(asked);
            Assert.Equal((ErrorCodes.DeltaDamaged, true), (failure.Code, failure.Message.Contains("another life", StringComparison.Ordinal)));
        }

        Assert.Contains(path, copy.Disk.Paths);
    }

    [Theory]
    [InlineData("000000000000-00000001.delta")]
    [InlineData("000000000002-00000009.delta")]
    public async Task Two_copies_of_a_segment_bring_in_what_either_holds(string copyName)
    {
        byte[] early = [];
        var left = await ByAsync(async node =>
        {
            for (var i = 0; i < 3; i++)
                await node.MakeAsync($"{i}");
        });
        var path = Segments(left.Disk)[0];
        left = await ByAsync(
            async node =>
            {
                await node.MakeAsync("early");
                await Task.Delay(20, Token);
                early = left.Disk.ReadAll(Segments(left.Disk)[^1]);
                await node.MakeAsync("late");
            },
            left);
        left.Disk.Put(Path.Combine(Folder, copyName), early);
        await using var node = await left.StartAsync();
        foreach (var name in (string[])["0", "1", "2", "early", "late"])
            Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, name));
        Assert.Empty(node.Reconciled!.Conflicts);
    }

    [Fact]
    public async Task A_database_that_lacks_what_an_offline_reconcile_brought_in_is_refused()
    {
        var left = await ByAsync(node => node.MakeAsync("acknowledged"));
        var copy = left.Database.Copy();
        var offline = await left.StartAsync(Options with { DeltaPath = Folder + ".reconcile", MakesSystemObjects = false });
        Assert.Equal("Completed", (await offline.ReconcileAsync(Folder, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token)).Status);
        Assert.DoesNotContain(left.Disk.Paths, p => Path.GetDirectoryName(p) == Folder && p.EndsWith(".delta", StringComparison.Ordinal));
        await offline.StopAsync(Token);
        Assert.Equal(ErrorCodes.DatabaseWentBack, (await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(copy, left.Disk))).Code);
        await (await left.StartAsync()).StopAsync(Token);
    }

    [Fact]
    public async Task A_folder_whose_files_another_node_brought_in_owes_none()
    {
        var left = await ByAsync(node => node.MakeAsync("a"));
        left.Disk.HasFolder(Other.DataPath!);
        var other = await left.StartAsync(Other);
        Assert.Equal(1, (await other.ReconcileAsync(Folder, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token)).Applied);
        await other.StopAsync(Token);
        await using var node = await left.StartAsync();
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "a"));
    }

    [Fact]
    public async Task A_database_that_lacks_what_another_node_brought_in_is_refused()
    {
        var left = await ByAsync(node => node.MakeAsync("a"));
        var earlier = left.Database.Copy();
        left.Disk.HasFolder(Other.DataPath!);
        var other = await left.StartAsync(Other);
        await other.ReconcileAsync(Folder, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        await other.StopAsync(Token);
        Assert.Equal(ErrorCodes.DatabaseWentBack, (await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(earlier, left.Disk))).Code);
        await (await left.StartAsync()).StopAsync(Token);
        await (await left.StartAsync()).StopAsync(Token);
    }

    [Fact]
    public async Task An_idle_life_and_starts_that_were_cut_off_lock_nobody_out()
    {
        for (var cut = 8; cut < 34; cut += 2)
        {
            for (var full = 2; full < 28; full += 2)
            {
                var left = await CutOffAsync(cut, full);
                var node = await left.StartAsync();
                Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "a"));
                await node.StopAsync(Token);
            }
        }
    }

    // A life without a change that is killed; a start that is at an operation; one that finds the disk full.
    private static async Task<Left> CutOffAsync(int cut, int full)
    {
        var (disk, database) = (NewDisk((cut * 100) + full), new FakeSystemDatabase());
        var node = await NodeFixture.StartAsync(database, disk);
        await node.MakeAsync("a");
        await node.StopAsync(Token);
        await using (await NodeFixture.StartAsync(database, disk))
            (disk, database) = (disk.PullThePlug(), database.Copy());
        foreach (var plan in new[] { new CrashPlan { PowerLossAt = cut }, new CrashPlan { FullAtWrite = full } })
        {
            FakeSystemDatabase? atThatMoment = null;
            var now = database;
            disk.Begin(plan);
            disk.PowerGoes = () => atThatMoment = now.Copy();
            await using var start = new CmsNode(database, disk, Options, TimeProvider.System);
            try
            {
                await start.StartAsync(Token);
            }
            catch (Exception exception) when (exception is LoggerCmsException or IOException)
            {
                Assert.True(disk.Survivor is not null || plan.FullAtWrite == full, exception.Message);
            }

            (disk, database) = (disk.Survivor ?? disk.PullThePlug(), atThatMoment ?? database.Copy());
        }

        return new Left(disk, database);
    }
}
