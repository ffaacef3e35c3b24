using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>A delta folder that cannot be written for a while, under clients that write.</summary>
public sealed class FaultyDiskTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task A_full_disk_refuses_writes_and_the_node_goes_on_once_there_is_room(int seed) => RunAsync(seed, new CrashPlan { FullAtWrite = 1 + (seed % 7) });

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task A_failed_sync_loses_nothing_that_was_acknowledged(int seed) => RunAsync(seed, new CrashPlan { FailSyncAt = 1 + (seed % 7) });

    private static async Task RunAsync(int seed, CrashPlan plan)
    {
        var database = new FakeSystemDatabase();
        var disk = NewDisk(seed);
        var node = await NodeFixture.StartAsync(database, disk);
        Dictionary<string, string> told = [];
        disk.Begin(plan);
        await WriteAsync(node, "during", told);
        Assert.True(plan.FullAtWrite == CrashPlan.Never || told.ContainsValue(ErrorCodes.JournalFailed), "The disk was never full.");
        disk.MakeRoom();
        Dictionary<string, string> after = [];
        while (!after.ContainsValue(""))
            await WriteAsync(node, $"after {after.Count}", after);
        foreach (var (name, code) in after)
            told[name] = code;
        Check(node, told);
        Assert.Null(node.Describe().Reason is { Length: > 0 } reason ? reason : null);

        var copy = database.Copy();
        var survivor = disk.PullThePlug();
        await node.DisposeAsync();
        await using var again = await NodeFixture.StartAsync(copy, survivor);
        Check(again, told);
    }

    private static async Task WriteAsync(CmsNode node, string what, Dictionary<string, string> told)
        => await Task.WhenAll(Enumerable.Range(0, 6).Select(c => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                var (name, code) = ($"{what} {c} {i}", "");
                try
                {
                    await node.MakeAsync(name);
                }
                catch (LoggerCmsException exception)
                {
                    code = exception.Code;
                    Assert.Contains(code, new[] { ErrorCodes.JournalFailed, ErrorCodes.OutcomeUnknown });
                }

                lock (told)
                    told.Add(name, code);
            }
        })));

    private static void Check(CmsNode node, Dictionary<string, string> told)
    {
        foreach (var (name, code) in told)
        {
            var there = node.Image.FindChild(SystemObjects.RootFolder, name) is not null;
            Assert.True(code == ErrorCodes.OutcomeUnknown || there == (code.Length == 0), $"{name}: {(code.Length == 0 ? "acknowledged" : code)}, and {(there ? "there" : "not there")}");
        }
    }
}
