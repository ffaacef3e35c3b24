using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Reconcile.Left;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Reconcile;
/// <summary>What fitted when it was written is brought in, whatever the limits are now.</summary>
public sealed class ReconcileLimitTests
{
    [Fact]
    public async Task More_changes_than_a_block_has_update_keys_are_brought_in()
    {
        var options = Options with { Cluster = Options.Cluster with { UpdateKeyBlock = 40 } };
        var left = new Left(NewDisk(), new FakeSystemDatabase());
        for (var life = 0; life < 4; life++)
        {
            left = await ByAsync(async node =>
            {
                for (var i = 0; i < 15; i++)
                    await node.MakeAsync($"n{life} {i}");
            }, left, options);
        }

        await using var node = await left.StartAsync(options);
        Assert.Equal(60, node.Image.Children(SystemObjects.RootFolder).Count());
    }

    [Fact]
    public async Task A_record_as_long_as_a_request_may_be_is_brought_in()
    {
        var options = Options with { Cluster = Options.Cluster with { MostChanges = 50 } };
        var left = await ByAsync(
            node => node.Sequencer.WriteAsync(Request(Guid.CreateVersion7(), [.. Enumerable.Range(0, 50).Select(i => Create($"n{i}"))])).AsTask(), options: options);
        await using var node = await left.StartAsync(options);
        Assert.Equal(50, node.Image.Children(SystemObjects.RootFolder).Count());
    }

    [Fact]
    public async Task Objects_that_are_larger_than_the_limit_is_now_are_brought_in()
    {
        var left = await ByAsync(node => node.Sequencer.WriteAsync(Request(Create("a", properties: new byte[5000]))).AsTask());
        await using var node = await left.StartAsync(Options with { Cluster = Options.Cluster with { MostObjectBytes = 1000 } });
        Assert.NotNull(node.Image.FindChild(SystemObjects.RootFolder, "a"));
    }

    [Fact]
    public async Task More_bytes_than_may_wait_for_the_disk_are_brought_in()
    {
        var left = await ByAsync(async node =>
        {
            for (var i = 0; i < 110; i++)
                await node.Sequencer.WriteAsync(Request(Create($"n{i}", properties: new byte[1 << 20])));
        });

        // Room for the two windows that may wait at once.
        await using var node = await left.StartAsync(Options with { Deltas = SmallDeltas with { MaxPendingBytes = 68 << 20 } });
        Assert.Equal(110, node.Image.Children(SystemObjects.RootFolder).Count());
    }
}
