using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

public sealed class ReconcileTests
{
    [Fact]
    public async Task What_was_acknowledged_before_the_power_went_is_brought_in_once_and_its_files_go()
    {
        ChangedObject made = default;
        var left = await ByAsync(async node =>
        {
            made = await node.MakeAsync("a");
            await ChangeAsync(node, made.Id, 7);
        });
        var node = await left.StartAsync();
        Assert.Equal("Completed", node.Reconciled!.Status);
        Assert.Equal(3, node.Reconciled.Applied);
        Assert.Equal((2, 7L), (Find(node, made.Id).Version, ValueOf(Find(node, made.Id))));
        await node.Flusher.FlushAsync(Token);
        Assert.StartsWith("000000000002-", Path.GetFileName(Assert.Single(Segments(left.Disk))), StringComparison.Ordinal);
        await node.StopAsync(Token);
        Assert.Empty(Segments(left.Disk));

        await using var again = await left.StartAsync();
        Assert.Equal("NothingToDo", again.Reconciled!.Status);
        Assert.Equal(2, Find(again, made.Id).Version);
    }

    [Fact]
    public async Task What_the_database_has_already_is_told_and_not_applied_again()
    {
        ChangedObject made = default;
        var left = await ByAsync(async node =>
        {
            made = await node.MakeAsync("a");
            await node.Flusher.FlushAsync(Token);
            await ChangeAsync(node, made.Id, 7);
        }, options: Options with { Deltas = SmallDeltas with { TrimRollBytes = 1 << 20 } });
        await using var node = await left.StartAsync();
        Assert.Equal((2L, 1L), (node.Reconciled!.AlreadyThere, node.Reconciled.Applied));
        Assert.Equal(2, Find(node, made.Id).Version);
    }

    [Fact]
    public async Task A_retried_request_gets_its_first_answer_also_after_a_crash_and_a_reconcile()
    {
        var id = Guid.CreateVersion7();
        var request = Request(id, Create("a"), Create("b"));
        WriteAnswer? first = null;
        var left = await ByAsync(async node => first = await node.Sequencer.WriteAsync(request));
        await using var node = await left.StartAsync();
        var second = await node.Sequencer.WriteAsync(request);
        Assert.True(second.Repeated);
        Assert.Equal(first!.Changed, second.Changed);
        Assert.Equal(2, node.Image.Children(SystemObjects.RootFolder).Count());
    }

    [Fact]
    public async Task An_object_that_was_made_and_removed_in_one_request_does_not_come_back()
    {
        var left = await ByAsync(async node =>
        {
            var end = node.Image.All().Max(o => o.Id);
            var next = Math.Max(end, SystemObjects.LastReservedId) + 1;
            await node.Sequencer.WriteAsync(Request(Create("a"), new RemoveObject { Id = next }, Create("a")));
        });
        await using var node = await left.StartAsync();
        Assert.Empty(node.Reconciled!.Conflicts);
        Assert.Single(node.Image.Children(SystemObjects.RootFolder));
    }

    [Fact]
    public async Task A_crash_in_a_reconcile_makes_no_conflict_and_brings_no_older_version_back()
    {
        for (var at = 1; ; at++)
        {
            long id = 0;
            var left = await ByAsync(async node =>
            {
                id = (await node.MakeAsync("a")).Id;
                for (var mark = 1; mark <= 5; mark++)
                    await ChangeAsync(node, id, mark);
                var gone = await node.MakeAsync("gone");
                await RemoveAsync(node, gone.Id);
            }, seed: at);
            left.Disk.Begin(new CrashPlan { PowerLossAt = at });
            FakeSystemDatabase? kept = null;
            left.Disk.PowerGoes = () => kept = left.Database.Copy();
            var first = new CmsNode(left.Database, left.Disk, Options, TimeProvider.System);
            try
            {
                await first.StartAsync(Token);
                await first.Flusher.FlushAsync(Token);
            }
            catch (LoggerCmsException) when (left.Disk.Survivor is not null)
            {
                // The process died with the machine.
            }

            if (left.Disk.Survivor is not { } survivor)
            {
                Assert.True(at > 15, "The start did too little.");
                await first.DisposeAsync();
                return;
            }

            await first.DisposeAsync();
            await using var node = await new Left(survivor, kept!).StartAsync(Options with { ConflictPolicy = ConflictPolicy.ApplyDelta });
            Assert.True(node.Reconciled!.Conflicts.Count == 0, $"Operation {at}: {node.Reconciled.Conflicts.FirstOrDefault()}");
            Assert.Equal((6, 5L), (Find(node, id).Version, ValueOf(Find(node, id))));
            Assert.Null(node.Image.FindChild(SystemObjects.RootFolder, "gone"));
        }
    }

    [Theory]
    [InlineData(ConflictPolicy.KeepCurrent, "KeptCurrent", 9)]
    [InlineData(ConflictPolicy.ApplyDelta, "AppliedDelta", 7)]
    public async Task A_change_of_an_object_that_was_changed_since_is_decided_by_the_policy_and_told_with_both_versions(ConflictPolicy policy, string decision, long mark)
    {
        var (left, id, _) = await ConflictAsync();
        await using var node = await left.StartAsync(Other);
        var result = await node.ReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        var conflict = Assert.Single(result.Conflicts);
        Assert.Equal((id, decision), (conflict.ObjectId, conflict.Decision));
        Assert.Contains("\"t\":7", conflict.DeltaVersion, StringComparison.Ordinal);
        Assert.Contains("\"t\":9", conflict.CurrentVersion, StringComparison.Ordinal);
        Assert.Equal(mark, ValueOf(Find(node, id)));
        Assert.Equal("Completed", result.Status);
        Assert.All(result.SetAside, path => Assert.EndsWith(".conflicts", path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_record_with_one_conflict_is_not_applied_at_all()
    {
        var (left, id, other) = await ConflictAsync();
        await using var node = await left.StartAsync(Other);
        await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        Assert.Equal((9L, 0L), (ValueOf(Find(node, id)), ValueOf(Find(node, other))));
    }

    [Fact]
    public async Task The_policy_Stop_changes_nothing_and_leaves_the_files()
    {
        var (left, id, _) = await ConflictAsync();
        await using var node = await left.StartAsync(Other);
        var before = left.Disk.Paths;
        var key = node.Image.UpdateKey;
        var result = await node.ReconcileAsync(Elsewhere, ConflictPolicy.Stop, setDamagedAside: false, Token);
        Assert.Equal("Stopped", result.Status);
        Assert.Equal((9L, key), (ValueOf(Find(node, id)), node.Image.UpdateKey));
        Assert.Equal(before.Where(InElsewhere), left.Disk.Paths.Where(InElsewhere));
    }

    [Fact]
    public async Task A_plan_tells_what_would_be_and_changes_nothing()
    {
        var (left, id, _) = await ConflictAsync();
        await using var node = await left.StartAsync(Other);
        var (before, key) = (left.Disk.Paths, node.Image.UpdateKey);
        var result = await node.PlanReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        Assert.Equal("WhatIf", result.Status);
        Assert.Single(result.Conflicts);
        Assert.Equal((9L, key), (ValueOf(Find(node, id)), node.Image.UpdateKey));
        Assert.Equal(before, left.Disk.Paths);
    }

    [Fact]
    public async Task A_damaged_file_stops_the_start_is_untouched_and_keeps_the_lease()
    {
        var (left, path) = await DamagedAsync();
        var bytes = left.Disk.ReadAll(path);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync());
        Assert.Equal(ErrorCodes.DeltaDamaged, failure.Code);
        Assert.Equal(bytes, left.Disk.ReadAll(path));
        Assert.Equal(1, left.Disk.Paths.Count(p => p.EndsWith(".delta", StringComparison.Ordinal)));
        Assert.True((await left.Database.ReadStateAsync(Token)).Lease!.InForce);
        var other = await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync(Options with { NodeId = Guid.NewGuid(), DataPath = null }));
        Assert.Equal(ErrorCodes.SideInService, other.Code);
    }

    [Fact]
    public async Task A_damaged_file_is_set_aside_whole_when_asked()
    {
        var (left, path) = await DamagedAsync();
        var bytes = left.Disk.ReadAll(path);
        await using var node = await left.StartAsync(Options with { SetDamagedAside = true });
        var aside = Assert.Single(node.Reconciled!.SetAside);
        Assert.Equal(path + ".damaged", aside);
        Assert.Equal(bytes, left.Disk.ReadAll(aside));
        Assert.Null(left.Disk.Find(path));
    }

    [Fact]
    public async Task What_a_crash_cut_off_is_kept_aside_and_told()
    {
        var left = await ByAsync(node => node.MakeAsync("a"));
        var path = Segments(left.Disk)[0];
        var bytes = left.Disk.ReadAll(path);
        var end = Array.FindLastIndex(bytes, b => b != 0) + 1;
        var tail = ((end + 31) & ~7) + 40;
        bytes[tail] = 1;
        left.Disk.Put(path, bytes);
        await using var node = await left.StartAsync();
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "a"));
        Assert.Equal(path + ".torn", Assert.Single(node.Reconciled!.SetAside));
        Assert.True(node.Reconciled.TornBytes > 0);
    }

    [Fact]
    public async Task Files_of_another_system_are_refused_also_where_their_epoch_is_the_nodes_own()
    {
        var left = await ByAsync(node => node.MakeAsync("a"));
        left.MoveElsewhere();
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(async () =>
        {
            // A new database: its first epoch is that of the files.
            await using var node = await NodeFixture.StartAsync(new FakeSystemDatabase(), left.Disk);
            await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        });
        Assert.Equal(ErrorCodes.DeltaDamaged, failure.Code);
        Assert.Contains("belongs to the system", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_a_database_that_was_put_back_are_refused()
    {
        var first = new FakeSystemDatabase();
        await (await NodeFixture.StartAsync(first, NewDisk())).StopAsync(Token);
        var earlier = first.Copy();
        var left = await ByAsync(node => node.MakeAsync("a"), new Left(NewDisk(), first));

        // A service manager tries again by itself: what is refused once must be refused until somebody decides.
        for (var tries = 0; tries < 3; tries++)
        {
            var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => new Left(left.Disk, earlier).StartAsync());
            Assert.Equal(ErrorCodes.DatabaseWentBack, failure.Code);
            Assert.Contains("put back", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Files_of_two_epochs_are_brought_in_in_their_order()
    {
        long id = 0;
        var left = await ByAsync(async node =>
        {
            id = (await node.MakeAsync("a")).Id;
            await node.Flusher.FlushAsync(Token);
            await ChangeAsync(node, id, 1);
        });
        var copy = Segments(left.Disk).Select(p => (Path: p, Bytes: left.Disk.ReadAll(p))).ToList();
        var second = await ByAsync(node => ChangeAsync(node, id, 2), left);
        foreach (var (path, bytes) in copy)
            second.Disk.Put(path, bytes);
        await using var node = await second.StartAsync();
        Assert.Empty(node.Reconciled!.Conflicts);
        Assert.Equal((3, 2L), (Find(node, id).Version, ValueOf(Find(node, id))));
    }

    [Fact]
    public async Task The_old_files_stay_until_the_database_has_what_they_hold_and_what_was_told_of_them_is_kept()
    {
        long id = 0;
        var left = await ByAsync(async node => id = (await node.MakeAsync("a")).Id);
        var faulty = new FaultyDatabase(left.Database) { Fault = what => what == "flush" ? DatabaseFault.Away : DatabaseFault.None };
        var node = await NodeFixture.StartAsync(faulty, left.Disk);
        Assert.NotNull(node.Image.Find(id));
        await ChangeAsync(node, id, 5);
        await Assert.ThrowsAsync<LoggerCmsException>(() => node.Flusher.FlushAsync(Token));
        Assert.Equal(2, Segments(left.Disk).Count);

        var kept = false;
        node.BeforeTrim = _ =>
        {
            kept = Segments(left.Disk).Count == 2;
            return Task.CompletedTask;
        };
        faulty.Fault = null;
        await node.Flusher.FlushAsync(Token);
        Assert.True(kept);
        Assert.StartsWith("000000000002-", Path.GetFileName(Assert.Single(Segments(left.Disk))), StringComparison.Ordinal);
        await node.DisposeAsync();
    }

    [Fact]
    public async Task What_clients_change_before_the_first_flush_is_no_conflict_after_a_crash()
    {
        long id = 0;
        var left = await ByAsync(async node =>
        {
            id = (await node.MakeAsync("a")).Id;
            await ChangeAsync(node, id, 1);
        });
        for (var life = 2; life < 6; life++)
            left = await ByAsync(node => ChangeAsync(node, id, life), left);
        await using var last = await left.StartAsync(Options with { ConflictPolicy = ConflictPolicy.Stop });
        Assert.Empty(last.Reconciled!.Conflicts);
        Assert.Equal((6, 5L), (Find(last, id).Version, ValueOf(Find(last, id))));
    }

    [Fact]
    public async Task A_client_of_a_machine_that_is_gone_gets_its_first_answer_also_when_the_reconcile_was_interrupted()
    {
        var id = Guid.CreateVersion7();
        var request = Request(id, Create("a"));
        WriteAnswer? first = null;
        var left = await ByAsync(async node => first = await node.Sequencer.WriteAsync(request));
        left.MoveElsewhere();
        var faulty = new FaultyDatabase(left.Database);
        var interrupted = await NodeFixture.StartAsync(faulty, left.Disk);
        faulty.Fault = what => what == "flush" ? DatabaseFault.Away : DatabaseFault.None;
        await Assert.ThrowsAsync<LoggerCmsException>(() => interrupted.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token));
        await using var node = await (await CrashAsync(interrupted, left.Disk, left.Database)).StartAsync();
        var second = await node.Sequencer.WriteAsync(request);
        Assert.True(second.Repeated);
        Assert.Equal(first!.Changed, second.Changed);
    }

    private static NodeOptions Other => Options with { NodeId = new Guid("00000000-0000-0000-0000-000000000002"), Name = "n2", TakeOver = true };

    private static bool InElsewhere(string path) => path.StartsWith(Elsewhere, StringComparison.Ordinal);

    /// <summary>A request that changed two objects is in a delta file alone; another node has changed one of them since.</summary>
    private static async Task<(Left Left, long Id, long Second)> ConflictAsync()
    {
        var (id, second) = (0L, 0L);
        var left = await ByAsync(async node =>
        {
            id = (await node.MakeAsync("a")).Id;
            second = (await node.Sequencer.WriteAsync(Request(Create("b", properties: Bag(0))))).Changed[0].Id;
            await node.Flusher.FlushAsync(Token);
            await node.Sequencer.WriteAsync(Request(
                new ChangeObject { Id = second, Properties = _ => Bag(7) }, new ChangeObject { Id = id, Properties = _ => Bag(7) }));
        });
        left.MoveElsewhere();
        var node = await left.StartAsync(Other);
        await ChangeAsync(node, id, 9);
        await node.StopAsync(Token);
        return (left, id, second);
    }

    private static async Task<(Left Left, string Path)> DamagedAsync()
    {
        var left = await ByAsync(async node =>
        {
            for (var i = 0; i < 5; i++)
                await node.MakeAsync($"n{i}");
        });
        var path = Segments(left.Disk)[0];
        var bytes = left.Disk.ReadAll(path);
        bytes[560] ^= 0x40;
        left.Disk.Put(path, bytes);
        return (left, path);
    }
}
