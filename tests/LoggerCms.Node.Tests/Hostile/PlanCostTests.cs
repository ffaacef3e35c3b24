using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
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

    [Theory]
    [InlineData("Remove")]
    [InlineData("Move")]
    [InlineData("Rename")]
    public async Task Who_may_not_change_a_folder_does_not_have_all_that_lies_in_it_looked_at(string what)
    {
        var seen = AccessList.Empty.Grant(SystemObjects.Guest, Rights.View).Encode();
        var folder = (await _node.Sequencer.WriteAsync(Request(Create("h") with { AccessList = seen }))).Changed[0].Id;
        var own = (await _node.Sequencer.WriteAsync(Request(Create("bf") with { OwnerId = SystemObjects.Guest }))).Changed[0].Id;
        await _node.Sequencer.WriteAsync(Request([.. Enumerable.Range(0, Many).Select(i => Create($"n{i}", folder))]));
        WriteOperation operation = what switch
        {
            "Remove" => new RemoveObject { Id = folder, Recurse = true },
            "Move" => new ChangeObject { Id = folder, ParentId = own },
            _ => new ChangeObject { Id = folder, Name = "longer" },
        };
        await RefusedAsync(operation);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refused = RefusedAsync(operation);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Many);
        await refused;
    }

    private Task RefusedAsync(WriteOperation operation) => Assert.ThrowsAsync<LoggerCmsException>(
        async () => await new NodeService(_node).ChangeAsync(new Http.Caller(SystemObjects.Guest, ""), new ChangeRequest(null, WhatIf: true, [operation])));
}
