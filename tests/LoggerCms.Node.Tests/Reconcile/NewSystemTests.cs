using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>A node takes a new system over whose first node never came to a flush: both have made the system objects.</summary>
public sealed class NewSystemTests
{
    private static readonly NodeOptions Second = Options with { NodeId = new Guid("00000000-0000-0000-0000-000000000002"), Name = "n2", TakeOver = true };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_the_first_one_did_to_them_is_brought_in_and_conflicts_only_where_the_second_one_did_something_too(bool isChangedToo)
    {
        var left = await ByAsync(async node =>
        {
            await ChangeAsync(node, SystemObjects.Administrator, 1);
            await ChangeAsync(node, SystemObjects.Administrator, 2);
            await ChangeAsync(node, SystemObjects.Guest, 3);
            await node.MakeAsync("a");
        });
        left.MoveElsewhere();
        await using var node = await left.StartAsync(Second);
        if (isChangedToo)
            await ChangeAsync(node, SystemObjects.Administrator, 9);
        for (var time = 0; time < 2; time++)
        {
            var plan = await node.PlanReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
            Assert.Equal(isChangedToo && time == 0 ? [SystemObjects.Administrator, SystemObjects.Administrator] : [], plan.Conflicts.Select(c => c.ObjectId));
            var result = await node.ReconcileAsync(Elsewhere, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
            Assert.Equal(plan.Conflicts.Count, result.Conflicts.Count);
        }

        Assert.Equal((isChangedToo ? 9 : 2, 3L), (ValueOf(Find(node, SystemObjects.Administrator)), ValueOf(Find(node, SystemObjects.Guest))));
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "a"));
    }
}
