using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>Folders that would lie in each other: each of two moves was right where it was made.</summary>
public sealed class CircleTests
{
    private static readonly NodeOptions Other = Options with { NodeId = new Guid("00000000-0000-0000-0000-000000000002"), Name = "n2", TakeOver = true };

    [Theory]
    [InlineData(ConflictPolicy.KeepCurrent)]
    [InlineData(ConflictPolicy.ApplyDelta)]
    [InlineData(ConflictPolicy.Stop)]
    public async Task A_move_into_what_was_moved_into_it_since_is_a_conflict(ConflictPolicy policy)
    {
        var (a, b) = (0L, 0L);
        var left = await ByAsync(async node =>
        {
            (a, b) = ((await node.MakeAsync("a")).Id, (await node.MakeAsync("b")).Id);
            await node.Flusher.FlushAsync(Token);
            await MoveAsync(node, a, b);
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other);
        await MoveAsync(node, b, a);

        var plan = await node.PlanReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        var result = await node.ReconcileAsync(Elsewhere, policy, setDamagedAside: false, Token);
        Assert.Equal(a, Assert.Single(result.Conflicts).ObjectId);
        Assert.Equal(result.Conflicts[0].Reason, Assert.Single(plan.Conflicts).Reason);
        Assert.Equal((SystemObjects.RootFolder, a), (Find(node, a).ParentId, Find(node, b).ParentId));
    }

    [Fact]
    public async Task A_move_that_would_be_too_deep_by_both_together_is_a_conflict()
    {
        var (a, b, deep) = (0L, 0L, SystemObjects.RootFolder);
        var left = await ByAsync(async node =>
        {
            (a, b) = ((await node.MakeAsync("a")).Id, (await node.MakeAsync("b")).Id);
            var at = a;
            for (var i = 0; i < 140; i++)
                (at, deep) = ((await node.MakeAsync("x", at)).Id, (await node.MakeAsync("y", deep)).Id);
            await node.Flusher.FlushAsync(Token);
            await MoveAsync(node, a, b);
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Other);
        await MoveAsync(node, b, deep);
        var result = await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        Assert.Equal((a, SystemObjects.RootFolder), (Assert.Single(result.Conflicts).ObjectId, Find(node, a).ParentId));
    }

    [Theory]
    [InlineData("move")]
    [InlineData("remove")]
    public async Task A_circle_that_is_there_can_be_opened_and_removed(string way)
    {
        var (a, b, inB) = (0L, 0L, 0L);
        var left = await ByAsync(async node =>
        {
            (a, b) = ((await node.MakeAsync("a")).Id, (await node.MakeAsync("b")).Id);
            inB = (await node.MakeAsync("in b", b)).Id;
            await node.Flusher.FlushAsync(Token);
        });
        await PutAsync(left.Database, a, b);
        await PutAsync(left.Database, b, a);
        await using var node = await left.StartAsync();
        Assert.Empty(node.Image.Children(SystemObjects.RootFolder));
        if (way == "move")
        {
            await MoveAsync(node, b, SystemObjects.RootFolder);
            Assert.Equal("/Root Folder/b/a", ObjectPaths.Of(node.Image, Find(node, a)));
        }
        else
        {
            Assert.Equal(3, (await RemoveAsync(node, a)).Changed.Count);
            Assert.All([a, b, inB], id => Assert.Null(node.Image.Find(id)));
        }
    }

    private static Task<WriteAnswer> MoveAsync(CmsNode node, long id, long to)
        => node.Sequencer.WriteAsync(Request(new ChangeObject { Id = id, ParentId = to })).AsTask();

    // As an older node left it.
    private static async Task PutAsync(FakeSystemDatabase database, long id, long parentId)
    {
        var state = await database.ReadStateAsync(Token);
        var one = (await database.FindAsync(id, Token))!;
        await database.FlushAsync(
            new FlushBatch
            {
                Epoch = state.Lease!.Epoch,
                LastUpdateKey = state.LastUpdateKey,
                Put =
                [
                    new CmsObject
                    {
                        Id = one.Id,
                        Cuid = one.Cuid,
                        Kind = one.Kind,
                        ParentId = parentId,
                        Name = one.Name,
                        OwnerId = one.OwnerId,
                        Version = one.Version,
                        UpdateKey = one.UpdateKey,
                        CreatedUs = one.CreatedUs,
                        ModifiedUs = one.ModifiedUs,
                        Properties = one.Properties,
                        AccessList = one.AccessList,
                    },
                ],
                Remove = [],
                PutLocal = [],
                RemoveLocal = [],
            },
            Token);
    }
}
