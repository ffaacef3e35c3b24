using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

public sealed class PlanTests
{
    [Fact]
    public async Task A_plan_says_what_would_change_and_changes_nothing()
    {
        var database = new FakeSystemDatabase();
        await using var node = await NodeFixture.StartAsync(database, NewDisk());
        var folder = await node.MakeAsync("folder");
        var inner = await node.MakeAsync("inner", folder.Id);
        var (key, records) = (node.Image.UpdateKey, node.Sequencer.Writes);

        var removal = await node.Sequencer.PlanAsync(Request(new RemoveObject { Id = folder.Id, Recurse = true }));
        Assert.Equal([inner.Id, folder.Id], removal.Changed.Select(c => c.Id));
        var change = await node.Sequencer.PlanAsync(Request(Create("new", folder.Id), new ChangeObject { Id = inner.Id, Name = "renamed" }));
        Assert.Equal([1, 2], change.Changed.Select(c => c.Version));

        Assert.Equal((key, records), (node.Image.UpdateKey, node.Sequencer.Writes));
        Assert.Equal("inner", Assert.Single(node.Image.Children(folder.Id)).Name);
        Assert.Null(node.Sequencer.Look(whole: null, folder.Id, static (view, id) => view.FindChild(id, "renamed")));
        Assert.Equal(3, (await node.Sequencer.WriteAsync(Request(new ChangeObject { Id = folder.Id, Name = "a" }, new ChangeObject { Id = folder.Id, Name = "b" }))).Changed[^1].Version);
    }

    [Fact]
    public async Task A_plan_fails_as_the_change_would()
    {
        var database = new FakeSystemDatabase();
        await using var node = await NodeFixture.StartAsync(database, NewDisk());
        var made = await node.MakeAsync("one");
        Task<string> Fails(params WriteOperation[] operations) => CodeOfAsync(() => node.Sequencer.PlanAsync(Request(operations)).AsTask());
        Assert.Equal(ErrorCodes.NameInUse, await Fails(Create("two"), Create("Two")));
        Assert.Equal(ErrorCodes.VersionConflict, await Fails(new ChangeObject { Id = made.Id, ExpectedVersion = 7, Name = "x" }));
        Assert.Equal(ErrorCodes.InvalidObject, await Fails(new RemoveObject { Id = SystemObjects.Users, Recurse = true }));
        Assert.Equal(ErrorCodes.ObjectNotFound, await Fails(new RemoveObject { Id = made.Id }, new RemoveObject { Id = made.Id }));
        Assert.Equal(ErrorCodes.ObjectNotFound, await Fails(new ChangeObject { Id = made.Id, ExpectedCuid = "of another system", Name = "x" }));
        Assert.Equal(ErrorCodes.ObjectNotFound, await Fails(new RemoveObject { Id = made.Id, ExpectedCuid = "of another system" }));
        node.Sequencer.Refuse(new LoggerCmsException(ErrorCodes.NodeNotReady, "Stopping.", "Wait."));
        Assert.Equal(ErrorCodes.NodeNotReady, await Fails(new RemoveObject { Id = made.Id }));
    }

    private static async Task<string> CodeOfAsync(Func<Task> act) => (await Assert.ThrowsAsync<LoggerCmsException>(act)).Code;
}
