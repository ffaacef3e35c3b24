using LoggerCms.Core.Cluster;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Hostile;

/// <summary>A plan is made while all other writes wait: what a request that comes to nothing may cost.</summary>
public sealed class PlanCostTests : IAsyncLifetime
{
    private const int Many = 20_000;

    private CmsNode _node = null!;

    public async ValueTask InitializeAsync() => _node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk(), Options with
    {
        Cluster = new ClusterOptions { FlushInterval = TimeSpan.FromHours(1), LongestRetry = TimeSpan.FromHours(1) },
    });

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task A_short_request_that_would_make_a_long_record_is_given_up_as_soon_as_it_is_too_long()
    {
        var large = new byte[1 << 20];
        var id = (await _node.Sequencer.WriteAsync(Request(Create("a", properties: large)))).Changed[0].Id;
        var made = 0;
        var change = new ChangeObject
        {
            Id = id,
            Properties = bytes =>
            {
                made++;
                return [.. bytes];
            },
        };
        var refused = await Assert.ThrowsAsync<LoggerCmsException>(
            async () => await _node.Sequencer.WriteAsync(Request([.. Enumerable.Repeat(change, 600)])));
        Assert.Equal(ErrorCodes.LimitExceeded, refused.Code);
        Assert.InRange(made, 31, 33);
        Assert.Equal(1, _node.Image.Find(id)!.Version);
    }
}
