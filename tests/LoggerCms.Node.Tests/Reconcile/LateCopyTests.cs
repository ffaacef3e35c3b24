using LoggerCms.Core.Cluster;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>Copies of delta files that come when the once-only ids of what was brought in from them are forgotten.</summary>
public sealed class LateCopyTests
{
    private static readonly NodeOptions Forgets = Options with { Cluster = Options.Cluster with { OnceOnlyRetention = TimeSpan.FromMilliseconds(1) } };

    private static string Name(int sequence) => Path.Combine(Elsewhere, $"000000000001-{sequence:D8}.delta");

    [Theory]
    [InlineData(ConflictPolicy.KeepCurrent)]
    [InlineData(ConflictPolicy.ApplyDelta)]
    public async Task What_was_removed_or_changed_since_stays_so(ConflictPolicy policy)
    {
        long removed = 0, changed = 0;
        var left = await ByAsync(async node =>
        {
            removed = (await node.MakeAsync("removed since")).Id;
            changed = (await node.MakeAsync("changed since")).Id;
        });
        var copy = left.Disk.ReadAll(Segments(left.Disk)[0]);
        var second = await left.StartAsync(Forgets);
        await second.Flusher.FlushAsync(Token);
        await RemoveAsync(second, removed);
        await ChangeAsync(second, changed, 7);
        await ForgetAsync(second);
        await second.StopAsync(Token);

        await using var node = await left.StartAsync(Forgets);
        left.Disk.HasFolder(Elsewhere);
        left.Disk.Put(Name(1), copy);
        var plan = await node.PlanReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        var result = await node.ReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        foreach (var told in (DeltaReconcileResult[])[plan, result])
            Assert.Equal((3L, 3L, 0L, 0), (told.Records, told.AlreadyThere, told.Applied, told.Conflicts.Count));
        Assert.Null(node.Image.Find(removed));
        Assert.Equal(7, ValueOf(Find(node, changed)));
    }

    [Fact]
    public async Task What_goes_on_from_an_early_copy_is_brought_in()
    {
        byte[] early = [];
        long first = 0, second = 0;
        var disk = NewDisk();
        var left = await ByAsync(
            async node =>
            {
                first = (await node.MakeAsync("first")).Id;
                await Task.Delay(20, Token);
                early = disk.ReadAll(Segments(disk)[0]);
                second = (await node.MakeAsync("second")).Id;
            },
            new Left(disk, new FakeSystemDatabase()));
        var whole = left.Disk.ReadAll(left.MoveElsewhere()[0]);
        left.Disk.Put(Name(1), early);
        var life = await left.StartAsync(Forgets);
        var applied = (await life.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token)).Applied;
        Assert.Equal((true, true), (life.Image.Find(first) is not null, life.Image.Find(second) is null));
        await RemoveAsync(life, first);
        await ForgetAsync(life);
        await life.StopAsync(Token);

        await using var node = await left.StartAsync(Forgets);
        left.Disk.Put(Name(1), whole);
        var result = await node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token);
        Assert.Equal(1, result.Applied);
        Assert.Equal((true, true), (node.Image.Find(first) is null, node.Image.Find(second) is not null));
        Assert.True(applied > 0);
    }

    [Fact]
    public async Task What_was_damaged_and_set_aside_is_brought_in_when_a_whole_copy_comes()
    {
        List<long> made = [];
        var left = await ByAsync(
            async node =>
            {
                for (var i = 0; i < 200; i++)
                    made.Add((await node.MakeAsync($"{i}")).Id);
            },
            options: Options with { Deltas = SmallDeltas });
        var moved = left.MoveElsewhere();
        Assert.True(moved.Count > 2);
        var whole = moved.Select(left.Disk.ReadAll).ToList();
        var damaged = whole[1].ToArray();
        damaged[damaged.Length / 4] ^= 1;
        left.Disk.Put(moved[1], damaged);
        var life = await left.StartAsync(Forgets);
        Assert.NotEmpty((await life.ReconcileAsync(Elsewhere, default, setDamagedAside: true, Token)).SetAside);
        await ForgetAsync(life);
        await life.StopAsync(Token);

        await using var node = await left.StartAsync(Forgets);
        for (var i = 0; i < moved.Count; i++)
            left.Disk.Put(moved[i], whole[i]);
        await node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token);
        Assert.All(made, id => Assert.NotNull(node.Image.Find(id)));
    }

    [Fact]
    public async Task What_a_conflict_kept_out_can_be_applied_later()
    {
        long id = 0;
        var left = await ByAsync(async node => id = (await node.MakeAsync("taken")).Id);
        var moved = left.MoveElsewhere()[0];
        var life = await left.StartAsync(Forgets);
        var other = (await life.MakeAsync("taken")).Id;
        var kept = Assert.Single((await life.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token)).SetAside);
        await RemoveAsync(life, other);
        await ForgetAsync(life);
        await life.StopAsync(Token);

        await using var node = await left.StartAsync(Forgets);
        left.Disk.Put(moved, left.Disk.ReadAll(kept));
        Assert.Equal(1, (await node.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token)).Applied);
        Assert.Equal("taken", node.Image.Find(id)?.Name);
    }

    [Fact]
    public async Task What_lies_behind_a_conflict_is_not_made_again()
    {
        long taken = 0, behind = 0;
        var left = await ByAsync(async node =>
        {
            taken = (await node.MakeAsync("taken")).Id;
            behind = (await node.MakeAsync("behind")).Id;
        });
        var moved = left.MoveElsewhere()[0];
        var file = left.Disk.ReadAll(moved);
        var life = await left.StartAsync(Forgets);
        var other = (await life.MakeAsync("taken")).Id;
        await life.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token);
        await RemoveAsync(life, behind);
        await RemoveAsync(life, other);
        await ForgetAsync(life);
        await life.StopAsync(Token);

        // What was kept out comes, once; then nothing of the file does any more.
        foreach (var applied in (int[])[1, 0])
        {
            var again = await left.StartAsync(Forgets);
            left.Disk.Put(moved, file);
            Assert.Equal(applied, (await again.ReconcileAsync(Elsewhere, default, setDamagedAside: false, Token)).Applied);
            Assert.Equal((applied == 1, true), (again.Image.Find(taken) is not null, again.Image.Find(behind) is null));
            if (applied == 1)
                await RemoveAsync(again, taken);
            await ForgetAsync(again);
            await again.StopAsync(Token);
        }
    }

    [Fact]
    public async Task Files_of_a_start_that_stay_longer_than_their_ids_are_brought_in_once()
    {
        var left = await ByAsync(node => node.MakeAsync("a"));
        var life = await left.StartAsync(Forgets);
        life.BeforeTrim = _ => throw new IOException("the disk of the audit is full");
        await RemoveAsync(life, life.Image.All().Single(o => o.Name == "a").Id);
        for (var i = 0; i < 2; i++)
        {
            await Task.Delay(20, Token);
            await Assert.ThrowsAsync<LoggerCmsException>(() => life.Flusher.FlushAsync(Token));
        }

        left = await CrashAsync(life, left.Disk, left.Database);
        await using var node = await left.StartAsync(Forgets);
        Assert.DoesNotContain(node.Image.All(), o => o.Name == "a");
    }

    // A flush lets go of what has expired, and the next writes that it has.
    private static async Task ForgetAsync(CmsNode node)
    {
        for (var i = 0; i < 2; i++)
        {
            await Task.Delay(20, Token);
            await node.MakeAsync($"flushed {Guid.NewGuid()}");
            await node.Flusher.FlushAsync(Token);
        }
    }
}
