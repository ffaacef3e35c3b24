using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SystemDatabases;

/// <summary>A node on a side whose objects came by another way than its own flushes.</summary>
public sealed class NodeAfterTransferTests
{
    private const long TransferredKey = 5_000_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_gives_out_update_keys_above_those_that_a_state_transfer_brought()
    {
        await using var database = await new SqliteMake().CreateDatabaseAsync();
        await using var system = SystemDatabaseFactory.Open(database.Connection);
        using var folder = new TestFolder();
        var first = await MakeAsync(system, folder, "first");
        Assert.InRange(first.UpdateKey, 1, TransferredKey - 1);
        await database.ExecuteAsync(FormattableString.Invariant($"UPDATE cms_object SET update_key = {TransferredKey} WHERE id = {first.Id}"));

        var second = await MakeAsync(system, folder, "second");

        Assert.InRange(second.UpdateKey, TransferredKey + 1, long.MaxValue);
        Assert.InRange((await system.ReadStateAsync(Token)).UpdateKeyEnd, second.UpdateKey, long.MaxValue);
    }

    [Fact]
    public async Task A_node_whose_database_is_put_back_under_it_stops_with_the_reason_and_writes_nothing_over_the_gap()
    {
        using var folder = new TestFolder();
        var path = folder.File("system.db");
        await using var system = SystemDatabaseFactory.Open(new SideConnection(SideProvider.Sqlite, path));
        await using var node = new CmsNode(system, SystemFiles.Instance, Options(folder), TimeProvider.System);
        await node.StartAsync(Token);
        await CreateAsync(node, "first");
        await node.Flusher.FlushAsync(Token);
        File.Copy(path, path + ".copy");
        await CreateAsync(node, "second");
        await node.Flusher.FlushAsync(Token);
        File.Move(path + ".copy", path, overwrite: true);

        await CreateAsync(node, "third");
        node.Flusher.Ask();

        Assert.Equal(ErrorCodes.DatabaseWentBack, (await node.Ended.WaitAsync(Token))!.Code);
        Assert.Equal("Red", node.Describe().Color);
        Assert.Equal(ErrorCodes.DatabaseWentBack, (await Assert.ThrowsAsync<LoggerCmsException>(() => CreateAsync(node, "fourth"))).Code);
        await using var database = SystemDatabaseFactory.Open(new SideConnection(SideProvider.Sqlite, path));
        var names = new List<string>();
        await database.LoadAsync(o => names.Add(o.Name), Token);
        Assert.Contains("first", names);
        Assert.DoesNotContain("third", names);
    }

    /// <summary>Starts a node, makes an object, stops the node.</summary>
    private static async Task<CmsObject> MakeAsync(ISystemDatabase system, TestFolder folder, string name)
    {
        await using var node = new CmsNode(system, SystemFiles.Instance, Options(folder), TimeProvider.System);
        await node.StartAsync(Token);
        await CreateAsync(node, name);
        var made = node.Image.FindChild(SystemObjects.RootFolder, name)!;
        await node.StopAsync(Token);
        return made;
    }

    private static NodeOptions Options(TestFolder folder) => new()
    {
        Name = "n",
        Side = "A",
        NodeId = new Guid("aaaaaaaa-0000-4000-8000-000000000001"),
        DeltaPath = folder.File("deltas"),
        Cluster = new ClusterOptions { FlushInterval = TimeSpan.FromHours(1), UpdateKeyBlock = 1000 },
    };

    private static async Task CreateAsync(CmsNode node, string name)
        => await node.Sequencer.WriteAsync(new WriteRequest
        {
            RequestId = Guid.Empty,
            PrincipalId = SystemObjects.Administrator,
            ClientAddress = "192.0.2.1",
            Guard = null,
            Operations = [new CreateObject { Kind = ObjectKinds.Folder, ParentId = SystemObjects.RootFolder, Name = name }],
        });
}
