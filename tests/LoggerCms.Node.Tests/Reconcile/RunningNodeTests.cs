using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>A reconcile of the folder of a node that still runs, where no lock says so.</summary>
public sealed class RunningNodeTests
{
    [Fact]
    public async Task What_a_node_acknowledges_while_its_files_are_brought_in_stays_in_them()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var second = Options with { Name = "n2", NodeId = new Guid("00000000-0000-0000-0000-000000000002"), TakeOver = true, DataPath = null, DeltaPath = Path.GetFullPath("/node2") };
        var first = await NodeFixture.StartAsync(database, disk);
        await first.Flusher.FlushAsync(Token);
        await first.MakeAsync("before");

        // It has not heard yet that another node took over, and the other one has read its files when it makes one more change.
        var taking = new FaultyDatabase(database);
        await using var node = await NodeFixture.StartAsync(taking, disk, second);
        taking.Did = what =>
        {
            if (what != "flush")
                return;
            taking.Did = null;
            first.MakeAsync("meanwhile").GetAwaiter().GetResult();
        };
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => node.ReconcileAsync(Folder, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token));
        Assert.Equal(ErrorCodes.SideInService, failure.Code);
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "before"));
        await first.DisposeAsync();
        Assert.NotEmpty(Segments(disk));

        var result = await node.ReconcileAsync(Folder, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        Assert.Equal(("Completed", 1L, 0), (result.Status, result.Applied, result.Conflicts.Count));
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "meanwhile"));
        Assert.DoesNotContain(Segments(disk), path => path.StartsWith(Folder, StringComparison.Ordinal));
    }
}
