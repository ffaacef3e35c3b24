using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>What looks as if something were missing and is not: nothing is refused over it, and nothing kept out.</summary>
public sealed class NoFalseAlarmTests
{
    [Fact]
    public async Task A_node_that_was_killed_before_a_write_after_a_state_transfer_starts_again()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        await (await NodeFixture.StartAsync(database, disk)).StopAsync(Token);
        database.TransferInto(SystemObjects.RootFolder, updateKey: 1_000_000);
        var life = await NodeFixture.StartAsync(database, disk);
        await life.Flusher.FlushAsync(Token);
        var left = await CrashAsync(life, disk, database);
        left = await ByAsync(node => node.MakeAsync("a"), left);
        await using var again = await left.StartAsync();
        Assert.NotNull(again.Image.FindChild(SystemObjects.RootFolder, "a"));
    }

    [Fact]
    public async Task A_start_goes_on_wherever_one_was_cut_off_whose_files_go_and_one_of_them_ends_with_what_was_kept_out()
    {
        var isCutOff = true;
        for (var at = 30; isCutOff; at++)
        {
            var (left, ids, keptOut) = await OfTwoAsync(1, at);
            FakeSystemDatabase? then = null;
            left.Disk.Begin(new CrashPlan { PowerLossAt = at });
            left.Disk.PowerGoes = () => then = left.Database.Copy();
            await using var cutOff = new CmsNode(left.Database, left.Disk, Options, TimeProvider.System);
            await Record.ExceptionAsync(async () =>
            {
                await cutOff.StartAsync(Token);
                await cutOff.Flusher.FlushAsync(Token);
            });
            isCutOff = left.Disk.Survivor is not null;
            if (!isCutOff)
                continue;
            await using var again = await NodeFixture.StartAsync(then!, left.Disk.Survivor!);
            Assert.InRange(again.Reconciled!.Conflicts.Count, 0, 1);
            Assert.All(ids, id => Assert.Equal(keptOut.Contains(id) ? 2 : 1, ValueOf(Find(again, id))));
        }
    }

    [Fact]
    public async Task One_of_two_files_with_conflicts_can_be_brought_in_alone()
    {
        var (left, _, keptOut) = await OfTwoAsync(2, seed: 1);
        await using var node = await left.StartAsync();
        await node.Flusher.FlushAsync(Token);
        var second = left.Disk.Paths.Where(p => p.EndsWith(".conflicts", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ElementAt(1);
        left.Disk.HasFolder(Elsewhere);
        left.Disk.Put(Path.Combine(Elsewhere, Path.GetFileNameWithoutExtension(second)), left.Disk.ReadAll(second));
        Assert.Equal(1, (await node.ReconcileAsync(Elsewhere, ConflictPolicy.ApplyDelta, setDamagedAside: false, Token)).Applied);
        Assert.Equal((2L, 1L), (ValueOf(Find(node, keptOut[0])), ValueOf(Find(node, keptOut[1]))));
    }

    [Theory]
    [InlineData(ConflictPolicy.ApplyDelta, true)]
    [InlineData(ConflictPolicy.KeepCurrent, false)]
    public async Task Where_copies_are_only_a_part_the_last_change_of_the_first_files_counts(ConflictPolicy policy, bool isDamaged)
    {
        var options = Options with { Deltas = SmallDeltas with { SegmentBytes = 1 << 17 }, ConflictPolicy = policy, Cluster = Options.Cluster with { UpdateKeyBlock = 100_000 } };
        var (disk, database) = (NewDisk(7), new FakeSystemDatabase());
        var first = await NodeFixture.StartAsync(database, disk, options);
        var (a, b) = ((await first.MakeAsync("a")).Id, (await first.MakeAsync("b")).Id);
        await first.StopAsync(Token);
        var left = await ByAsync(
            async node =>
            {
                await Task.WhenAll(Enumerable.Range(1, 700).Select(i => ChangeAsync(node, a, i)));
                await Task.WhenAll(Enumerable.Range(1, 6000).Select(i => ChangeAsync(node, b, i)));
            },
            new Left(disk, database),
            options);
        var (oldest, last) = (Segments(left.Disk)[0], 6000L);
        var saved = left.Disk.Paths.ToDictionary(p => p, left.Disk.ReadAll);
        var parts = 0;
        for (var at = 16; at <= 40; at += 3)
        {
            var again = NewDisk(at);
            foreach (var (path, content) in saved)
                again.Put(path, content);
            again.HasFolder(Folder);
            var (served, then) = (left.Database.Copy(), left.Database);
            var cutOff = new CmsNode(served, again, options, TimeProvider.System);
            again.Begin(new CrashPlan { PowerLossAt = at });
            again.PowerGoes = () => then = served.Copy();
            await Record.ExceptionAsync(() => cutOff.StartAsync(Token));
            await cutOff.DisposeAsync();
            if (again.Survivor is not { } survivor)
                break;
            parts += Segments(survivor).Any(p => Path.GetFileName(p).StartsWith("000000000003-", StringComparison.Ordinal)) ? 1 : 0;
            if (isDamaged)
            {
                var bytes = survivor.ReadAll(oldest);
                bytes[600] ^= 0xff;
                survivor.Put(oldest, bytes);
            }
            else
            {
                survivor.Delete(oldest);
            }

            await using var node = await NodeFixture.StartAsync(then, survivor, options with { SetDamagedAside = true, TakeOver = true });
            Assert.Equal((at, last), (at, ValueOf(Find(node, b))));
            Assert.DoesNotContain(node.Reconciled!.Conflicts, c => c.ObjectId == b);
        }

        Assert.InRange(parts, 1, int.MaxValue);
    }

    [Theory]
    [InlineData("000000000077-00000001.delta")]
    [InlineData("000000000001-00000001.delta")]
    public async Task A_damaged_file_of_another_system_is_set_aside(string name)
    {
        var foreign = await ByAsync(node => node.MakeAsync("foreign"));
        var bytes = foreign.Disk.ReadAll(Segments(foreign.Disk)[0]);
        bytes[600] ^= 0xff;
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        await (await NodeFixture.StartAsync(database, disk)).StopAsync(Token);
        var left = await ByAsync(node => node.MakeAsync("own"), new Left(disk, database));
        left.Disk.Put(Path.Combine(Folder, name), bytes);
        Assert.Equal(ErrorCodes.DeltaDamaged, (await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync())).Code);
        await using var again = await left.StartAsync(Options with { SetDamagedAside = true });
        Assert.Equal(name + ".damaged", Path.GetFileName(Assert.Single(again.Reconciled!.SetAside)));
        Assert.NotNull(again.Image.FindChild(SystemObjects.RootFolder, "own"));
    }

    [Fact]
    public async Task What_clients_did_on_what_a_start_applied_stays_whatever_the_policy_of_the_next()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var first = await NodeFixture.StartAsync(database, disk);
        var id = (await first.MakeAsync("a")).Id;
        await first.StopAsync(Token);
        long made = 0;
        var left = await ByAsync(
            async node => made = (await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = id, Properties = _ => Bag(1) }, Create("made")))).Changed[^1].Id,
            new Left(disk, database));
        left.Disk.HasFolder(Other.DataPath!);
        var other = await left.StartAsync(Other);
        await ChangeAsync(other, id, 2);
        await other.StopAsync(Token);
        left = await ByAsync(node => node.MakeAsync("a client's", made), left, Options with { ConflictPolicy = ConflictPolicy.ApplyDelta });
        await using var node = await left.StartAsync();
        Assert.Empty(node.Reconciled!.Conflicts);
        Assert.Equal(1, ValueOf(Find(node, id)));
        Assert.NotNull(node.Image.FindChild(made, "a client's"));
    }

    // Ninety objects, each changed to 1 in delta files of several segments; another node changed those to 2 that the last records of the first segments change.
    private static async Task<(Left Left, IReadOnlyList<long> Ids, IReadOnlyList<long> KeptOut)> OfTwoAsync(int segments, int seed)
    {
        var (disk, database) = (NewDisk(seed), new FakeSystemDatabase());
        var first = await NodeFixture.StartAsync(database, disk);
        List<long> ids = [];
        for (var i = 0; i < 90; i++)
            ids.Add((await first.MakeAsync($"o{i}")).Id);
        await first.StopAsync(Token);
        Dictionary<long, long> byKey = [];
        var left = await ByAsync(
            async node =>
            {
                foreach (var id in ids)
                    byKey[(await ChangeAsync(node, id, 1)).Changed[0].UpdateKey] = id;
            },
            new Left(disk, database));
        List<long> keptOut = [.. DeltaFolder.Inspect(left.Disk, Folder, Token).Take(segments).Select(report => byKey[report.LastKey!.Value])];
        left.Disk.HasFolder(Other.DataPath!);
        var other = await left.StartAsync(Other);
        foreach (var id in keptOut)
            await ChangeAsync(other, id, 2);
        await other.StopAsync(Token);
        return (left, ids, keptOut);
    }
}
