using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>Folders that lack delta files, hold files of two lives, or were put back: what is lost is told, and what another life has is taken from there.</summary>
public sealed class GapTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_running_node_is_not_given_the_rest_of_files_whose_oldest_is_missing(bool isPlan)
    {
        var left = await ByAsync(node => MakeManyAsync(node, 100));
        var moved = left.MoveElsewhere();
        left.Disk.Delete(moved[0]);
        left.Disk.HasFolder(Other.DataPath!);
        await using var node = await left.StartAsync(Other);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => isPlan
            ? node.PlanReconcileAsync(Elsewhere, default, setDamagedAside: false, Token)
            : node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token));
        Assert.Equal((ErrorCodes.DeltaDamaged, true), (failure.Code, failure.Message.Contains("is missing", StringComparison.Ordinal)));
        Assert.All(moved.Skip(1), path => Assert.Contains(path, left.Disk.Paths));

        var result = await node.ReconcileAsync(Elsewhere, default, setDamagedAside: true, Token);
        Assert.InRange(result.Applied, 1, 99);
    }

    [Fact]
    public async Task The_rest_of_files_that_were_brought_in_is_not_missing_anything()
    {
        var left = await ByAsync(node => MakeManyAsync(node, 100));
        var rest = left.Disk.ReadAll(left.MoveElsewhere()[1]);
        var name = left.Disk.Paths.Where(p => p.StartsWith(Elsewhere, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ElementAt(1);
        left.Disk.HasFolder(Other.DataPath!);
        await using var node = await left.StartAsync(Other with { Cluster = Other.Cluster with { OnceOnlyRetention = TimeSpan.FromMilliseconds(1) } });
        await node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token);
        await node.MakeAsync("later");
        await node.Flusher.FlushAsync(Token);
        left.Disk.Put(name, rest);
        var again = await node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token);
        Assert.Equal((again.Records, 0L), (again.AlreadyThere, again.Applied));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_lives_of_one_epoch_in_one_folder_are_refused(bool isForeign)
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        await (await NodeFixture.StartAsync(database, disk)).StopAsync(Token);
        var copy = new Left(NewDisk(), database.Copy());
        foreach (var kept in disk.Paths)
            copy.Disk.Put(kept, disk.ReadAll(kept));
        var first = (await ByAsync(node => node.MakeAsync("first life"), new Left(disk, database))).Disk;
        var lost = first.ReadAll(Segments(first)[0]);
        copy = await ByAsync(node => node.MakeAsync("second life"), copy);
        LoggerCmsException failure;
        if (isForeign)
        {
            copy.MoveElsewhere();
            copy.Disk.Put(Path.Combine(Elsewhere, "000000000002-00000009.delta"), lost);
            await using var node = await copy.StartAsync();
            failure = await Assert.ThrowsAsync<LoggerCmsException>(() => node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token));
        }
        else
        {
            copy.Disk.Put(Path.Combine(Folder, "000000000002-00000009.delta"), lost);
            failure = await Assert.ThrowsAsync<LoggerCmsException>(() => copy.StartAsync());
        }

        Assert.Equal((ErrorCodes.DeltaDamaged, true), (failure.Code, failure.Message.Contains("another life", StringComparison.Ordinal)));
        Assert.Equal(2, copy.Disk.Paths.Count(p => Path.GetFileName(p).StartsWith("000000000002-", StringComparison.Ordinal) && p.EndsWith(".delta", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(ConflictPolicy.ApplyDelta, true, false)]
    [InlineData(ConflictPolicy.KeepCurrent, true, true)]
    [InlineData(ConflictPolicy.ApplyDelta, false, true)]
    [InlineData(ConflictPolicy.Stop, false, false)]
    public async Task Where_the_oldest_file_of_a_life_is_gone_the_copies_that_the_next_life_has_decide(ConflictPolicy policy, bool isDamaged, bool clientWrites)
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var first = await NodeFixture.StartAsync(database, disk);
        var id = (await first.MakeAsync("a")).Id;
        await first.StopAsync(Token);
        var left = await ByAsync(
            async node =>
            {
                for (var i = 1; i <= 99; i++)
                    await ChangeAsync(node, id, i);
            },
            new Left(disk, database));
        var oldest = Segments(left.Disk)[0];
        left = await ByAsync(node => clientWrites ? ChangeAsync(node, id, 100) : Task.CompletedTask, left);
        if (isDamaged)
        {
            var bytes = left.Disk.ReadAll(oldest);
            bytes[600] ^= 0xff;
            left.Disk.Put(oldest, bytes);
        }
        else
        {
            left.Disk.Delete(oldest);
        }

        await using var node = await left.StartAsync(Options with { SetDamagedAside = isDamaged, ConflictPolicy = policy });
        Assert.Equal(clientWrites ? 100 : 99, ValueOf(Find(node, id)));
        Assert.Empty(node.Reconciled!.Conflicts);
    }

    [Fact]
    public async Task What_a_start_decided_and_went_on_from_is_not_decided_again_by_another_policy()
    {
        var (left, id) = await ChangedByBothAsync();
        left = await ByAsync(node => node.MakeAsync("a client's"), left, Options with { ConflictPolicy = ConflictPolicy.ApplyDelta });
        await using var node = await left.StartAsync();
        Assert.Empty(node.Reconciled!.Conflicts);
        Assert.Equal(1, ValueOf(Find(node, id)));
    }

    [Fact]
    public async Task What_was_told_as_kept_out_is_not_applied_by_the_next_start()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var first = await NodeFixture.StartAsync(database, disk);
        var (folder, child) = ((await first.MakeAsync("f")).Id, (await first.MakeAsync("c")).Id);
        await first.StopAsync(Token);
        var left = await ByAsync(
            async node =>
            {
                await node.MakeAsync("leaves a start something to flush");
                await RemoveAsync(node, folder);
            },
            new Left(disk, database));
        left.Disk.HasFolder(Other.DataPath!);
        var other = await left.StartAsync(Other);
        await other.Sequencer.WriteAsync(Request(new ChangeObject { Id = child, ParentId = folder }));
        await other.StopAsync(Token);

        // The folder is not empty. It is emptied then, that is flushed, and the power goes before the file has its other name.
        var node = await left.StartAsync();
        Assert.Single(node.Reconciled!.Conflicts);
        await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = child, ParentId = SystemObjects.RootFolder }));
        node.BeforeTrim = _ => throw new IOException("the disk of the audit is full");
        await Assert.ThrowsAsync<LoggerCmsException>(() => node.Flusher.FlushAsync(Token));
        left = await CrashAsync(node, left.Disk, left.Database);

        node = await left.StartAsync();
        Assert.Single(node.Reconciled!.Conflicts);
        Assert.NotNull(node.Image.Find(folder));
        await node.StopAsync(Token);
        await using var again = await left.StartAsync();
        var kept = Assert.Single(left.Disk.Paths, p => p.EndsWith(".conflicts", StringComparison.Ordinal));
        left.Disk.HasFolder(Elsewhere);
        left.Disk.Put(Path.Combine(Elsewhere, "000000000002-00000001.delta"), left.Disk.ReadAll(kept));
        Assert.Equal(1, (await again.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token)).Applied);
        Assert.Null(again.Image.Find(folder));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_data_folder_that_was_put_back_within_the_epoch_is_refused(bool isForeign)
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var life = await NodeFixture.StartAsync(database, disk);
        await life.MakeAsync("a");
        await Task.Delay(30, Token);
        var saved = disk.Paths.Select(p => (Path: p, Bytes: disk.ReadAll(p))).ToList();
        await life.MakeAsync("b");
        await life.Flusher.FlushAsync(Token);
        await life.MakeAsync("acknowledged, and not flushed");
        var left = await CrashAsync(life, disk, database);
        foreach (var path in left.Disk.Paths)
            left.Disk.Delete(path);
        foreach (var (path, bytes) in saved)
            left.Disk.Put(path, bytes);
        LoggerCmsException failure;
        if (isForeign)
        {
            left.Disk.HasFolder(Other.DataPath!);
            await using var node = await left.StartAsync(Other);
            failure = await Assert.ThrowsAsync<LoggerCmsException>(() => node.ReconcileAsync(Folder, default, setDamagedAside: false, Token));
        }
        else
        {
            failure = await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync());
            Assert.Equal(1, (await left.Database.ReadStateAsync(Token)).Lease!.Epoch);
            await (await left.StartAsync(Options with { SetDamagedAside = true })).StopAsync(Token);
        }

        Assert.Equal((ErrorCodes.DeltaDamaged, true), (failure.Code, failure.Message.Contains("put back", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Take_overs_that_were_refused_do_not_make_the_right_database_one_that_went_back()
    {
        var first = new FakeSystemDatabase();
        await (await NodeFixture.StartAsync(first, NewDisk())).StopAsync(Token);
        var earlier = first.Copy();
        var left = await ByAsync(node => node.MakeAsync("acknowledged"), new Left(NewDisk(), first));
        for (var i = 0; i < 3; i++)
        {
            var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(earlier, left.Disk, Options with { TakeOver = true }));
            Assert.Equal(ErrorCodes.DeltaDamaged, failure.Code);
        }

        await using var node = await left.StartAsync();
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "acknowledged"));
    }

    [Fact]
    public async Task A_take_over_in_a_copy_of_the_folder_does_not_pass_over_a_missing_file()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        await (await NodeFixture.StartAsync(database, disk)).StopAsync(Token);
        var left = await ByAsync(node => MakeManyAsync(node, 100), new Left(disk, database));
        left.Disk.Delete(Segments(left.Disk)[0]);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync(Options with { TakeOver = true }));
        Assert.Equal((ErrorCodes.DatabaseWentBack, true), (failure.Code, failure.Remedy!.Contains("-SetDamagedAside", StringComparison.Ordinal)));
        await using var node = await left.StartAsync(Options with { TakeOver = true, SetDamagedAside = true });
        Assert.InRange(node.Reconciled!.Applied, 1, 99);
    }

    [Fact]
    public async Task A_start_that_set_a_damaged_file_aside_and_was_cut_off_can_be_done_again()
    {
        for (var at = 1; at <= 40; at++)
        {
            var left = await ByAsync(node => MakeManyAsync(node, 100), seed: at);
            var path = Segments(left.Disk)[0];
            var bytes = left.Disk.ReadAll(path);
            bytes[600] ^= 0xff;
            left.Disk.Put(path, bytes);
            FakeSystemDatabase? then = null;
            left.Disk.Begin(new CrashPlan { PowerLossAt = at });
            left.Disk.PowerGoes = () => then = left.Database.Copy();
            await using var node = new CmsNode(left.Database, left.Disk, Options with { SetDamagedAside = true }, TimeProvider.System);
            await Record.ExceptionAsync(() => node.StartAsync(Token));
            left = new Left(left.Disk.Survivor ?? left.Disk.PullThePlug(), then ?? left.Database.Copy());
            await using var again = await left.StartAsync(Options with { SetDamagedAside = true });
            Assert.True(again.Image.Count > 20, $"at {at}");
        }
    }

    private static async Task MakeManyAsync(CmsNode node, int count)
    {
        for (var i = 0; i < count; i++)
            await node.MakeAsync($"{i}");
    }

    // An object that one node changed to 1, in a delta file, and another to 2.
    private static async Task<(Left Left, long Id)> ChangedByBothAsync()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var first = await NodeFixture.StartAsync(database, disk);
        var id = (await first.MakeAsync("a")).Id;
        await first.StopAsync(Token);
        var left = await ByAsync(node => ChangeAsync(node, id, 1), new Left(disk, database));
        left.Disk.HasFolder(Other.DataPath!);
        var other = await left.StartAsync(Other);
        await ChangeAsync(other, id, 2);
        await other.StopAsync(Token);
        return (left, id);
    }
}
