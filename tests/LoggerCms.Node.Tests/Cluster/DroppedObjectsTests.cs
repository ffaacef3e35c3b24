using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>Changes of objects that were dropped from memory, and do not fit into it together.</summary>
public sealed class DroppedObjectsTests
{
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(1L << 20)]
    [InlineData(2L << 20)]
    public async Task A_change_ends_where_its_objects_are_larger_than_memory_may_be(long limit)
    {
        await using var node = await StartAsync(limit);
        var ids = await MakeAsync(node, 3, new byte[1_048_500]);
        await ChangeAsync(node, ids[..1]).WaitAsync(s_long, Token);
        await node.Flusher.FlushAsync(Token);
        await ChangeAsync(node, ids).WaitAsync(s_long, Token);
        Assert.All(ids, id => Assert.Equal($"renamed {id}", node.Image.Find(id)!.Name));
    }

    [Fact]
    public async Task Each_object_of_a_request_is_read_back_once()
    {
        await using var node = await StartAsync(1);
        var ids = await MakeAsync(node, 1000, new byte[100]);
        Assert.All(ids, id => Assert.True(node.Image.Find(id)!.IsSkeleton));
        var before = node.Image.Statistics.Misses;
        await ChangeAsync(node, ids);
        Assert.Equal(1000, node.Image.Statistics.Misses - before);
        await node.Flusher.FlushAsync(Token);
        var whole = await node.Image.GetAsync(ids[500], Token);
        Assert.Equal((100, $"renamed {ids[500]}"), (PropertyBag.Over(whole!.Properties).Find("fill").AsBinary.Length, whole.Name));
    }

    [Fact]
    public async Task What_a_request_has_read_back_is_bounded_and_a_removal_reads_nothing()
    {
        await using var node = await StartAsync(1, new ClusterOptions { FlushInterval = TimeSpan.FromHours(1), MostRecordBytes = 50_000 });
        var ids = await MakeAsync(node, 6, new byte[10_000]);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => ChangeAsync(node, ids));
        Assert.Equal((ErrorCodes.LimitExceeded, true), (failure.Code, failure.IsOfRequest));
        var before = node.Image.Statistics.Misses;
        await node.Sequencer.WriteAsync(Request([.. ids.Select(id => new RemoveObject { Id = id })]));
        Assert.Equal(before, node.Image.Statistics.Misses);
        Assert.All(ids, id => Assert.Null(node.Image.Find(id)));
    }

    [Fact]
    public async Task Nothing_is_read_back_for_a_reader_who_may_not_see_it()
    {
        await using var node = await StartAsync(1);
        var id = (await MakeAsync(node, 1, new byte[100]))[0];
        var service = new NodeService(node);
        var before = node.Image.Statistics.Misses;
        Assert.Equal(
            ErrorCodes.ObjectNotFound,
            (await Assert.ThrowsAsync<LoggerCmsException>(() => service.GetAsync(service.Begin(SystemObjects.Guest), id, Token).AsTask())).Code);
        Assert.Equal(before, node.Image.Statistics.Misses);
        Assert.False((await service.GetAsync(service.Begin(Caller), id, Token)).IsSkeleton);
    }

    [Fact]
    public async Task Nothing_is_read_back_for_a_caller_that_has_gone()
    {
        await using var node = await StartAsync(1);
        var ids = await MakeAsync(node, 2, new byte[100]);
        var request = Request([.. ids.Select(id => new ChangeObject { Id = id, Name = "other" })]) with { Gone = new CancellationToken(canceled: true) };
        var before = node.Image.Statistics.Misses;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => node.Sequencer.WriteAsync(request).AsTask());
        Assert.Equal(before, node.Image.Statistics.Misses);
        Assert.All(ids, id => Assert.NotEqual("other", node.Image.Find(id)!.Name));
    }

    private static Task<CmsNode> StartAsync(long limit, ClusterOptions? cluster = null) => NodeFixture.StartAsync(
        new FakeSystemDatabase(),
        NewDisk(),
        Options with { MemoryLimitBytes = limit, Deltas = new DeltaOptions(), Cluster = cluster ?? new ClusterOptions { FlushInterval = TimeSpan.FromHours(1) } });

    private static async Task<long[]> MakeAsync(CmsNode node, int count, byte[] fill)
    {
        var bag = new PropertyBagBuilder().Set("fill", fill).Build().Encode();
        var ids = new long[count];
        for (var i = 0; i < count; i++)
            ids[i] = (await node.Sequencer.WriteAsync(Request(Create($"o{i}", properties: bag)))).Changed[0].Id;
        await node.Flusher.FlushAsync(Token);
        return ids;
    }

    private static Task<WriteAnswer> ChangeAsync(CmsNode node, long[] ids)
        => node.Sequencer.WriteAsync(Request([.. ids.Select(id => new ChangeObject { Id = id, Name = $"renamed {id}" })])).AsTask();
}
