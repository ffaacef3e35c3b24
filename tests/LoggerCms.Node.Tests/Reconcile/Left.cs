using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>What a node leaves whose power went: a disk and a database.</summary>
internal sealed record Left(CrashableDisk Disk, FakeSystemDatabase Database)
{
    public static readonly string Elsewhere = Path.GetFullPath("/node/elsewhere");

    /// <summary>Another node of the same database, with a data folder of its own.</summary>
    public static readonly NodeOptions Other = Options with
    {
        Name = "n2",
        NodeId = new Guid("11111111-7654-3210-fedc-ba9876543210"),
        TakeOver = true,
        DeltaPath = Path.GetFullPath("/node2/deltas"),
        DataPath = Path.GetFullPath("/node2"),
    };

    /// <summary>Runs a node, has something done with it, and takes its power.</summary>
    public static async Task<Left> ByAsync(Func<CmsNode, Task> life, Left? before = null, NodeOptions? options = null, int seed = 1)
    {
        var (disk, database) = before ?? new Left(NewDisk(seed), new FakeSystemDatabase());
        var node = await NodeFixture.StartAsync(database, disk, options);
        await life(node);
        return await CrashAsync(node, disk, database);
    }

    public static async Task<Left> CrashAsync(CmsNode node, CrashableDisk disk, FakeSystemDatabase database)
    {
        var copy = database.Copy();
        var survivor = disk.PullThePlug();
        await node.DisposeAsync();
        return new Left(survivor, copy);
    }

    public Task<CmsNode> StartAsync(NodeOptions? options = null, TimeProvider? time = null) => NodeFixture.StartAsync(Database, Disk, options, time);

    /// <summary>Puts the delta files into another folder, as an admin does who has them from a machine that is gone.</summary>
    public IReadOnlyList<string> MoveElsewhere()
    {
        Disk.HasFolder(Elsewhere);
        List<string> moved = [];
        foreach (var path in Segments(Disk))
        {
            var to = Path.Combine(Elsewhere, Path.GetFileName(path));
            Disk.Put(to, Disk.ReadAll(path));
            Disk.Delete(path);
            moved.Add(to);
        }

        // The folder is another machine's from here on, and does not answer for them.
        Disk.Delete(Path.Combine(Path.GetDirectoryName(Folder)!, NodeLife.OwedFile));

        return moved;
    }

    public static Task<WriteAnswer> ChangeAsync(CmsNode node, long id, long mark, Guid request = default)
        => node.Sequencer.WriteAsync(Request(request, new ChangeObject { Id = id, Properties = _ => Bag(mark) })).AsTask();

    public static Task<WriteAnswer> RemoveAsync(CmsNode node, long id) => node.Sequencer.WriteAsync(Request(new RemoveObject { Id = id, Recurse = true })).AsTask();

    public static CmsObject Find(CmsNode node, long id) => node.Image.Find(id) ?? throw new Xunit.Sdk.XunitException($"There is no object {id}.");
}
