using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;

/// <summary>A node that dies again and again before its first flush leaves what it holds a few times, not once more each time.</summary>
public sealed class CopiesTests
{
    private const int Objects = 60;

    [Fact]
    public async Task A_node_that_dies_again_and_again_after_its_start_does_not_fill_the_disk()
    {
        var left = await FirstAsync();
        var first = Records(left);
        for (var life = 0; life < 8; life++)
        {
            left = await ByAsync(_ => Task.CompletedTask, left);
            Assert.True(Records(left) <= 2 * (first + 1), $"Life {life}: {Records(left)} records of {first} changes.");
        }

        await CheckAsync(left);
    }

    [Fact]
    public async Task A_node_that_dies_again_and_again_in_its_start_does_not_fill_the_disk()
    {
        var left = await FirstAsync();
        var first = Records(left);
        var cut = 0;
        for (var life = 0; life < 12; life++)
        {
            left.Disk.Begin(new CrashPlan { PowerLossAt = 8 + life });
            FakeSystemDatabase? kept = null;
            var (disk, database) = left;
            disk.PowerGoes = () => kept = database.Copy();
            var node = new CmsNode(database, disk, Options, TimeProvider.System);
            try
            {
                await node.StartAsync(Token);
            }
            catch (LoggerCmsException) when (disk.Survivor is not null)
            {
                cut++;
            }

            // How many operations a start takes depends on how its records fall into groups.
            if (disk.Survivor is null)
                disk.PullThePlug();
            await node.DisposeAsync();
            left = new Left(disk.Survivor!, kept!);
            Assert.True(Records(left) <= 3 * (first + 1), $"Life {life}: {Records(left)} records of {first} changes.");
        }

        Assert.True(cut > 3, $"Only {cut} starts were cut off.");
        await CheckAsync(left);
    }

    [Fact]
    public async Task A_start_goes_on_without_a_flush_twice_and_not_a_third_time()
    {
        var left = await FirstAsync();
        for (var life = 0; life < 2; life++)
        {
            var (faulty, disk, database) = (Failing(left), left.Disk, left.Database);
            var node = await NodeFixture.StartAsync(faulty, disk);
            await node.MakeAsync($"life {life}");
            left = await CrashAsync(node, disk, database);
        }

        var records = Records(left);
        for (var again = 0; again < 3; again++)
        {
            var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => NodeFixture.StartAsync(Failing(left), left.Disk));
            Assert.Equal(ErrorCodes.ConnectionLost, failure.Code);
            Assert.True(Records(left) <= 2 * records, $"{Records(left)} records, {records} before.");
        }

        await CheckAsync(left, "life 0", "life 1");
    }

    [Fact]
    public async Task A_change_of_a_client_among_the_copies_is_not_taken_for_one()
    {
        var left = await FirstAsync();
        left = await ByAsync(node => node.MakeAsync("client"), left);
        left = await ByAsync(_ => Task.CompletedTask, left);
        await CheckAsync(left, "client");
    }

    private static FaultyDatabase Failing(Left left) => new(left.Database) { Fault = what => what == "flush" ? DatabaseFault.Away : DatabaseFault.None };

    private static Task<Left> FirstAsync() => ByAsync(async node =>
    {
        for (var i = 0; i < Objects; i++)
            await node.MakeAsync($"n{i}");
    });

    private static long Records(Left left) => DeltaFolder.Inspect(left.Disk, Folder, Token).Sum(f => f.Records);

    private static async Task CheckAsync(Left left, params string[] more)
    {
        var node = await left.StartAsync(Options with { ConflictPolicy = ConflictPolicy.Stop });
        Assert.Empty(node.Reconciled!.Conflicts);
        Assert.Equal(Objects + more.Length, node.Image.Children(SystemObjects.RootFolder).Count());
        foreach (var name in more)
            Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, name));
        await node.StopAsync(Token);
        Assert.Empty(Segments(left.Disk));
    }
}
