using LoggerCms.Core.Cluster;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>A SQLite database that was moved after its node was killed within a commit.</summary>
public sealed class MovedDatabaseTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_whose_journal_stayed_behind_is_refused(bool takeOver)
    {
        var (disk, database, folder) = (NewDisk(), new FakeSystemDatabase(), Path.GetFullPath("/databases"));
        var left = Path.Combine(folder, "one.db-journal");
        disk.HasFolder(folder);
        await (await StartAsync(database, disk, Served("one.db"))).StopAsync(Token);
        disk.Put(left, [1]);
        await (await StartAsync(database, disk, Served("one.db"))).StopAsync(Token);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => StartAsync(database, disk, Served("two.db") with { TakeOver = takeOver }));
        Assert.Equal((ErrorCodes.DatabaseDamaged, true), (failure.Code, failure.Remedy!.Contains($"'{Path.Combine(folder, "two.db-journal")}'", StringComparison.Ordinal)));

        disk.Delete(left);
        await (await StartAsync(database, disk, Served("two.db") with { TakeOver = takeOver })).StopAsync(Token);

        NodeOptions Served(string name) => Options with { Database = "sqlite:" + Path.Combine(folder, name) };
    }
}
