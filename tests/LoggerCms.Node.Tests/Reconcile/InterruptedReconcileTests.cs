using LoggerCms.Core.Cluster;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>
/// A reconcile of another folder that a power loss cut off, wherever that was: what it made comes back by its own delta files, and it is done again.
/// </summary>
public sealed class InterruptedReconcileTests
{
    private const int Changes = 20;

    private static readonly NodeOptions Second = Node(2);

    private static readonly NodeOptions Third = Node(3);

    // As Invoke-DeltaReconcile has it without a node, in the data folder of one that was killed.
    private static readonly NodeOptions WithoutNode = Options with { DeltaPath = Folder + ".reconcile", MakesSystemObjects = false };

    private readonly List<Guid> _requests = [];
    private long _id;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_done_to_its_end_by_the_next_try_and_nothing_is_a_conflict(bool withoutNode)
    {
        var options = withoutNode ? WithoutNode : Second;
        var (inPart, sweeps) = (0, 0);
        for (var at = 1; ; at++)
        {
            var (left, wasCut) = await CutOffAsync(await OfFirstAsync(at), options, at);
            await using var node = await left.StartAsync(options);
            var came = node.Image.Find(_id) is { } one ? Math.Max(0, ValueOf(one)) : -1;
            inPart += came is >= 0 and < Changes ? 1 : 0;
            if (came > 0)
                Assert.True((await ChangeAsync(node, _id, came, _requests[(int)came - 1])).Repeated, $"Operation {at}: request {came} was done again.");
            await CheckAsync(node, [Folder], $"operation {at}, {came} came by the own files");
            if (wasCut)
                continue;
            Assert.True(at > 20, "The reconcile did too little.");
            if (inPart > 0)
                return;

            // How its records fall into groups is the journal's thread's: where all fell into one, no cut was in their middle.
            Assert.True(++sweeps < 20, "No reconcile was cut off in its middle.");
            at = 0;
        }
    }

    [Fact]
    public async Task What_a_third_node_brought_in_of_it_and_had_to_make_again_stays_what_it_was()
    {
        for (var at = 1; ; at++)
        {
            var (left, wasCut) = await CutOffAsync(await OfFirstAsync(at), Second, at);
            if (!wasCut)
                return;
            left.Disk.HasFolder(Third.DataPath!);
            var third = await NodeFixture.StartAsync(new FaultyDatabase(left.Database) { Fault = what => what == "flush" ? DatabaseFault.Away : DatabaseFault.None }, left.Disk, Third);

            // Without a flush that ends well it is not done, unless there was nothing to flush.
            var failure = await Record.ExceptionAsync(() => third.ReconcileAsync(Second.DeltaPath, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token));
            Assert.True(failure is null or LoggerCmsException { Code: ErrorCodes.ConnectionLost }, $"Operation {at}: {failure}");
            left = await CrashAsync(third, left.Disk, left.Database);
            await using var node = await left.StartAsync(Third);
            await CheckAsync(node, [Second.DeltaPath, Folder], $"operation {at}");
        }
    }

    private static NodeOptions Node(int number)
    {
        var data = Path.GetFullPath($"/node{number}");
        return Options with { Name = $"n{number}", NodeId = new Guid(number, 0, 0, new byte[8]), TakeOver = true, DataPath = data, DeltaPath = NodeLife.DeltasIn(data) };
    }

    // One object with many changes: each is held against the one before it.
    private async Task<Left> OfFirstAsync(int seed)
    {
        _requests.Clear();
        var empty = new Left(NewDisk(seed), new FakeSystemDatabase());
        await (await empty.StartAsync()).StopAsync(Token);
        return await ByAsync(
            async node =>
            {
                _id = (await node.MakeAsync("one")).Id;
                for (var mark = 1; mark <= Changes; mark++)
                {
                    _requests.Add(Guid.CreateVersion7());
                    await ChangeAsync(node, _id, mark, _requests[^1]);
                }
            },
            empty);
    }

    private static async Task<(Left Left, bool WasCut)> CutOffAsync(Left before, NodeOptions options, int at)
    {
        var (disk, database) = before;
        disk.HasFolder(options.DataPath!);
        disk.Begin(new CrashPlan { PowerLossAt = at });
        FakeSystemDatabase? kept = null;
        disk.PowerGoes = () => kept = database.Copy();
        var node = new CmsNode(database, disk, options, TimeProvider.System);
        try
        {
            await node.StartAsync(Token);
            await node.ReconcileAsync(Folder, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
        }
        catch (Exception exception) when (disk.Survivor is not null && exception is LoggerCmsException or PowerLossException)
        {
            // The process died with the machine.
        }

        var wasCut = disk.Survivor is not null;
        if (!wasCut)
            disk.PullThePlug();
        await node.DisposeAsync();
        return (new Left(disk.Survivor!, kept!), wasCut);
    }

    private async Task CheckAsync(CmsNode node, string[] folders, string where)
    {
        foreach (var folder in folders)
        {
            var result = await node.ReconcileAsync(folder, ConflictPolicy.KeepCurrent, setDamagedAside: false, Token);
            Assert.True(result.Conflicts.Count == 0, $"{where}: {result.Conflicts.Count} conflicts of {folder}, as {result.Conflicts.FirstOrDefault()}");
        }

        var one = Find(node, _id);
        Assert.True((one.Version, ValueOf(one)) == (Changes + 1, Changes), $"{where}: version {one.Version}, {ValueOf(one)} of {Changes} changes.");
        for (var i = 0; i < Changes; i++)
            Assert.True((await ChangeAsync(node, _id, i + 1, _requests[i])).Repeated, $"{where}: request {i + 1} was done again.");
    }
}
