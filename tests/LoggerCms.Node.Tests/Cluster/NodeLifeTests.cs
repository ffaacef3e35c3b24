using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Node.Tests.Reconcile;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>What a data folder remembers: a start that comes upon less, or upon a lease of another folder with its id, says so.</summary>
public sealed class NodeLifeTests
{
    private static readonly string LifeFile = Path.Combine(Path.GetDirectoryName(Folder)!, NodeLife.File);

    [Fact]
    public async Task Delta_files_that_are_gone_stop_the_start_until_they_are_let_go()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        foreach (var path in Segments(left.Disk))
            left.Disk.Delete(path);

        // Room that was made ahead holds nothing that was acknowledged.
        left.Disk.Put(DeltaNames.Spare(Folder, 1, 9), [0]);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync());
        Assert.Equal(ErrorCodes.DeltaDamaged, failure.Code);
        Assert.Contains("epoch 1", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await left.Database.ReadStateAsync(Token)).Lease!.Epoch);

        var node = await left.StartAsync(Options with { SetDamagedAside = true });
        await node.MakeAsync("b");
        await node.StopAsync(Token);
        await (await left.StartAsync()).StopAsync(Token);
    }

    [Theory]
    [InlineData(false, ErrorCodes.DatabaseWentBack)]
    [InlineData(true, ErrorCodes.DeltaDamaged)]
    public async Task One_of_several_delta_files_is_missed_too(bool isYoungest, string code)
    {
        var left = await ManyAsync();
        var path = isYoungest ? Segments(left.Disk)[^1] : Segments(left.Disk)[0];
        await RefusedWithoutAsync(left, path, code);

        // What is left of it, and a later start that did not come far, change nothing about that.
        left.Disk.Put(path + DeltaNames.TornSuffix, [0]);
        var cutOff = new FaultyDatabase(left.Database) { Fault = what => what is "reserve" or "release" ? DatabaseFault.Away : DatabaseFault.None };
        await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(cutOff, left.Disk));
        await RefusedWithoutAsync(left, path, code);
        await using var node = await left.StartAsync();
        Assert.NotNull(node.Image.FindChild(Core.RunTimeImage.SystemObjects.RootFolder, "99"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Another_node_that_brings_the_files_in_misses_one_of_them(bool isYoungest)
    {
        var left = await ManyAsync();
        var path = isYoungest ? Segments(left.Disk)[^1] : Segments(left.Disk)[0];
        var second = Options with { Name = "n2", NodeId = Guid.NewGuid(), TakeOver = true, DataPath = null, DeltaPath = Path.GetFullPath("/node2") };
        await using var node = await left.StartAsync(second);
        var content = left.Disk.ReadAll(path);
        left.Disk.Delete(path);
        foreach (var asked in (Func<Task>[])[() => node.PlanReconcileAsync(Folder, default, false, Token), () => node.ReconcileAsync(Folder, default, false, Token)])
            Assert.Equal(ErrorCodes.DeltaDamaged, (await Assert.ThrowsAsync<LoggerCmsException>(asked)).Code);
        left.Disk.Put(path, content);
        await node.ReconcileAsync(Folder, default, setDamagedAside: false, Token);
        for (var i = 0; i < 100; i++)
            Assert.NotNull(node.Image.FindChild(Core.RunTimeImage.SystemObjects.RootFolder, $"{i}"));
        Assert.DoesNotContain(left.Disk.Paths, p => Path.GetFileName(p) == NodeLife.OwedFile);
    }

    [Fact]
    public async Task Those_of_an_older_life_do_not_stand_for_the_last_ones()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        var older = Segments(left.Disk);
        left = await Left.ByAsync(node => node.MakeAsync("b"), left);
        var files = Segments(left.Disk);
        Assert.Equal(older, files[..^1]);
        await RefusedWithoutAsync(left, files[^1], ErrorCodes.DeltaDamaged);
        await using var node = await left.StartAsync();
        Assert.NotNull(node.Image.FindChild(Core.RunTimeImage.SystemObjects.RootFolder, "b"));
    }

    [Fact]
    public async Task Another_database_that_holds_another_system_is_refused_with_the_one_that_the_folder_served()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var served = Options with { Database = "postgresql:Host=one" };
        await (await NodeFixture.StartAsync(database, disk, served)).StopAsync(Token);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(new FakeSystemDatabase(), disk, Options with { Database = "sqlite:system.db" }));
        Assert.Equal(ErrorCodes.InvalidOption, failure.Code);
        Assert.Contains("-Database 'postgresql:Host=one'", failure.Remedy, StringComparison.Ordinal);

        // The same system under another name is the same, and another system under the same name is not.
        await (await NodeFixture.StartAsync(database, disk, Options with { Database = "postgresql:Host=two" })).StopAsync(Token);
        var two = Options with { Database = "postgresql:Host=two" };
        failure = await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(new FakeSystemDatabase(), disk, two));
        Assert.Equal(ErrorCodes.InvalidOption, failure.Code);
        Assert.Contains("-TakeOver", failure.Remedy, StringComparison.Ordinal);
        await (await NodeFixture.StartAsync(new FakeSystemDatabase(), disk, two with { TakeOver = true })).StopAsync(Token);
    }

    [Fact]
    public async Task A_database_that_is_missing_is_not_made_anew()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var served = Options with { Database = "sqlite:system.db" };
        await (await NodeFixture.StartAsync(database, disk, served)).StopAsync(Token);
        List<string> asked = [];
        var missing = new FaultyDatabase(new FakeSystemDatabase())
        {
            Before = (what, _) =>
            {
                asked.Add(what);
                throw new LoggerCmsException(ErrorCodes.DatabaseNotFound, "There is no file.", "Look.");
            },
        };
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(missing, disk, served));
        Assert.Equal(ErrorCodes.InvalidOption, failure.Code);
        Assert.Contains("missing", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["state"], asked);
        await (await NodeFixture.StartAsync(database, disk, served)).StopAsync(Token);
    }

    [Fact]
    public async Task Delta_files_that_somebody_set_aside_are_not_missed()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        foreach (var path in Segments(left.Disk))
            left.Disk.Rename(path, path + ".damaged");
        await using var node = await left.StartAsync();
    }

    [Fact]
    public async Task A_stop_that_could_not_give_the_lease_back_misses_nothing_at_the_next_start()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var faulty = new FaultyDatabase(database) { Fault = what => what == "release" ? DatabaseFault.Away : DatabaseFault.None };
        var node = await NodeFixture.StartAsync(faulty, disk);
        await node.MakeAsync("a");
        await Assert.ThrowsAsync<LoggerCmsException>(() => node.StopAsync(Token));
        Assert.Empty(Segments(disk));
        Assert.True((await database.ReadStateAsync(Token)).Lease!.InForce);
        await using var again = await NodeFixture.StartAsync(database, disk);
        Assert.NotNull(again.Image.FindChild(Core.RunTimeImage.SystemObjects.RootFolder, "a"));
    }

    [Fact]
    public async Task A_copy_of_the_folder_of_a_node_that_runs_does_not_get_its_lease_without_TakeOver()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        left.Disk.FolderMark = "2";
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync());
        Assert.Equal(ErrorCodes.SideInService, failure.Code);
        Assert.Contains("copy", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-TakeOver", failure.Remedy, StringComparison.Ordinal);
        Assert.Equal(1, (await left.Database.ReadStateAsync(Token)).Lease!.Epoch);

        // From then on it is the node's folder.
        left = await Left.ByAsync(node => node.MakeAsync("b"), left, Options with { TakeOver = true });
        await using var again = await left.StartAsync();
        Assert.NotNull(again.Image.FindChild(Core.RunTimeImage.SystemObjects.RootFolder, "a"));
    }

    [Fact]
    public async Task A_copy_of_an_earlier_life_does_not_get_the_lease_either_and_says_why()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var first = await NodeFixture.StartAsync(database, disk);
        await first.StopAsync(Token);
        var copy = NewDisk(2);
        copy.HasFolder(Folder);
        copy.Put(LifeFile, disk.ReadAll(LifeFile));
        await using var running = await NodeFixture.StartAsync(database, disk);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(database, copy));
        Assert.Equal(ErrorCodes.SideInService, failure.Code);
        Assert.Contains("epoch 2", failure.Message, StringComparison.Ordinal);
        await running.MakeAsync("a");
        await running.Flusher.FlushAsync(Token);
        await running.StopAsync(Token);

        // Nobody has the lease: who comes next may be any of them.
        await (await NodeFixture.StartAsync(database, copy)).StopAsync(Token);
    }

    [Fact]
    public async Task A_start_that_was_cut_off_after_it_took_the_lease_does_not_lock_the_next_one_out()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        var faulty = new FaultyDatabase(left.Database) { Fault = what => what is "reserve" or "release" ? DatabaseFault.Away : DatabaseFault.None };
        await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(faulty, left.Disk));
        Assert.Equal(2, (await left.Database.ReadStateAsync(Token)).Lease!.Epoch);
        await using var node = await left.StartAsync();
        Assert.NotNull(node.Image.FindChild(Core.RunTimeImage.SystemObjects.RootFolder, "a"));
    }

    [Fact]
    public async Task A_folder_of_an_earlier_release_is_taken_as_it_is()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        left.Disk.Delete(LifeFile);
        left.Disk.Delete(Path.Combine(Path.GetDirectoryName(Folder)!, NodeLife.OwedFile));
        await using var node = await left.StartAsync();
        Assert.NotNull(node.Image.FindChild(Core.RunTimeImage.SystemObjects.RootFolder, "a"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_database_that_was_put_back_within_the_epoch_is_refused_until_somebody_decides(bool isCleanStop)
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var node = await NodeFixture.StartAsync(database, disk);
        await node.MakeAsync("before");
        await node.Flusher.FlushAsync(Token);
        var snapshot = database.Copy();
        for (var i = 0; i < 30; i++)
            await node.MakeAsync($"flushed{i}");
        await node.Flusher.FlushAsync(Token);
        if (isCleanStop)
        {
            await node.StopAsync(Token);
        }
        else
        {
            await node.MakeAsync("tail");
            disk = disk.PullThePlug();
            await node.DisposeAsync();
        }

        for (var tries = 0; tries < 2; tries++)
        {
            var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(snapshot, disk));
            Assert.Equal(ErrorCodes.DatabaseWentBack, failure.Code);
            Assert.Contains("-TakeOver", failure.Remedy, StringComparison.Ordinal);
            Assert.Equal(1, (await snapshot.ReadStateAsync(Token)).Lease!.Epoch);
        }

        // What a kill leaves may as well lack a file: that takes a word of its own.
        if (!isCleanStop)
            Assert.Contains("-SetDamagedAside", (await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(snapshot, disk, Options with { TakeOver = true }))).Remedy, StringComparison.Ordinal);
        await (await NodeFixture.StartAsync(snapshot, disk, Options with { TakeOver = true, SetDamagedAside = !isCleanStop })).StopAsync(Token);
        await (await NodeFixture.StartAsync(snapshot, disk)).StopAsync(Token);
    }

    [Fact]
    public async Task A_database_that_lacks_a_block_of_numbers_that_a_crashed_node_had_is_refused()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var node = await NodeFixture.StartAsync(database, disk);
        var snapshot = database.Copy();
        await node.MakeAsync("a");
        await node.Flusher.ReserveAsync(Token);
        disk = disk.PullThePlug();
        await node.DisposeAsync();
        Assert.Equal(ErrorCodes.DatabaseWentBack, (await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(snapshot, disk))).Code);
        await (await NodeFixture.StartAsync(database, disk)).StopAsync(Token);
    }

    [Fact]
    public async Task A_node_that_ended_because_its_database_went_back_is_not_started_on_it_again()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        FakeSystemDatabase? snapshot = null;
        var faulty = new FaultyDatabase(database);
        var node = await NodeFixture.StartAsync(faulty, disk);
        await node.MakeAsync("before");
        await node.Flusher.FlushAsync(Token);
        snapshot = database.Copy();
        await node.MakeAsync("flushed");
        await node.Flusher.FlushAsync(Token);
        faulty.Fault = what => what == "flush" ? throw new LoggerCmsException(ErrorCodes.DatabaseWentBack, "It went back.", "Bring it back.") : DatabaseFault.None;
        await node.MakeAsync("tail");
        node.Flusher.Ask();
        Assert.Equal(ErrorCodes.DatabaseWentBack, (await node.Ended.WaitAsync(Token))!.Code);
        await node.DisposeAsync();
        Assert.Equal(ErrorCodes.DatabaseWentBack, (await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(snapshot, disk))).Code);
        await using var again = await NodeFixture.StartAsync(database, disk);
        Assert.NotNull(again.Image.FindChild(Core.RunTimeImage.SystemObjects.RootFolder, "tail"));
    }

    [Fact]
    public async Task A_full_disk_keeps_no_node_from_its_stop()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var node = await NodeFixture.StartAsync(database, disk);
        await node.MakeAsync("a");
        disk.Begin(new CrashableFiles.CrashPlan { FullAtWrite = 0 });
        await node.StopAsync(Token);
        Assert.Empty(Segments(disk));
    }

    [Fact]
    public async Task A_database_in_which_another_node_had_the_epoch_went_back()
    {
        var first = new FakeSystemDatabase();
        await (await NodeFixture.StartAsync(first, NewDisk())).StopAsync(Token);
        var standby = first.Copy();
        var disk = NewDisk();
        var node = await NodeFixture.StartAsync(first, disk);
        await node.MakeAsync("flushed");
        await node.StopAsync(Token);

        // It has come further there than this node has.
        var other = await NodeFixture.StartAsync(standby, NewDisk(), Options with { NodeId = Guid.NewGuid(), DataPath = null });
        for (var i = 0; i < 9; i++)
            await other.MakeAsync($"{i}");
        await other.StopAsync(Token);
        Assert.Equal(ErrorCodes.DatabaseWentBack, (await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(standby, disk))).Code);
    }

    [Fact]
    public async Task An_epoch_that_was_refused_is_not_this_folders_when_a_copy_takes_it()
    {
        var database = new FakeSystemDatabase();
        var left = await Left.ByAsync(node => node.StopAsync(Token), new Left(NewDisk(), database));
        var other = Options with { NodeId = Guid.NewGuid(), DataPath = null, DeltaPath = Path.GetFullPath("/node2") };
        var serves = await NodeFixture.StartAsync(left.Database, NewDisk(), other);
        Assert.Equal(ErrorCodes.SideInService, (await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync())).Code);
        await serves.StopAsync(Token);

        // A node of a copy of the folder takes that epoch, and dies with what it acknowledged.
        await Left.ByAsync(node => node.MakeAsync("in the copy"), new Left(NewDisk(), left.Database));
        Assert.Equal(ErrorCodes.SideInService, (await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync())).Code);
    }

    [Fact]
    public async Task What_the_running_journal_owes_no_reconcile_settles()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        var path = Segments(left.Disk)[0];
        var content = left.Disk.ReadAll(path);
        left = await Left.ByAsync(
            async node =>
            {
                await node.Flusher.FlushAsync(Token);
                left.Disk.Put(path, content);
                await node.ReconcileAsync(Folder, default, setDamagedAside: false, Token);
                await node.MakeAsync("b");
            },
            left);
        await RefusedWithoutAsync(left, Segments(left.Disk)[^1], ErrorCodes.DeltaDamaged);
    }

    private static async Task<Left> ManyAsync()
    {
        var left = await Left.ByAsync(async node =>
        {
            for (var i = 0; i < 100; i++)
                await node.MakeAsync($"{i}");
        });
        Assert.True(Segments(left.Disk).Count > 2, "They were to be several.");
        return left;
    }

    private static async Task RefusedWithoutAsync(Left left, string path, string code)
    {
        var content = left.Disk.ReadAll(path);
        left.Disk.Delete(path);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync());
        Assert.Equal(code, failure.Code);
        Assert.Contains(Folder, failure.Message, StringComparison.Ordinal);
        left.Disk.Put(path, content);
    }
}
