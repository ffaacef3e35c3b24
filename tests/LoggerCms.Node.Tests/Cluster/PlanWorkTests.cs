using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>Requests that are short and whose plan takes long, which everybody else waits for.</summary>
public sealed class PlanWorkTests : IAsyncLifetime
{
    private const int Leaves = 2_000;

    private CmsNode _node = null!;
    private long _folder;
    private long _other;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk(), Options with { Deltas = new(), Cluster = new() { FlushInterval = TimeSpan.FromHours(1) } });
        _folder = (await _node.MakeAsync("folder")).Id;
        _other = (await _node.MakeAsync("other")).Id;
        await _node.Sequencer.WriteAsync(Request([.. Enumerable.Range(0, Leaves).Select(i => Create($"leaf {i}", _folder))]));
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Many_moves_of_a_full_folder_in_one_request_are_refused_and_one_is_not()
    {
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => _node.Sequencer.PlanAsync(Guarded(Moves(600), CancellationToken.None)).AsTask());
        Assert.Equal((ErrorCodes.LimitExceeded, true), (failure.Code, failure.IsOfRequest));

        Assert.Single((await _node.Sequencer.WriteAsync(Guarded(Moves(1), CancellationToken.None))).Changed);
        Assert.Equal(_other, _node.Image.Find(_folder)!.ParentId);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(601)]
    public async Task A_plan_that_takes_long_is_not_made_where_it_may_not_and_leaves_nothing(int moves)
    {
        var request = Guarded(moves == 1 ? [new ChangeObject { Id = _folder, Name = new string('x', 200) }, .. Renames(600)] : Moves(moves), CancellationToken.None) with { MayTakeLong = false };
        await Assert.ThrowsAsync<TakesLongException>(() => _node.Sequencer.WriteAsync(request).AsTask());
        await Assert.ThrowsAsync<TakesLongException>(() => _node.Sequencer.PlanAsync(request).AsTask());

        Assert.Equal((SystemObjects.RootFolder, "folder", 1), (_node.Image.Find(_folder)!.ParentId, _node.Image.Find(_folder)!.Name, _node.Image.Find(_folder)!.Version));
        Assert.Equal(2, (await _node.Sequencer.WriteAsync(Request(Moves(1)) with { MayTakeLong = false })).Changed[0].Version);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task The_plan_of_a_caller_who_has_gone_ends_and_leaves_nothing(int moves)
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _node.Sequencer.WriteAsync(Guarded(Moves(moves), new CancellationToken(canceled: true))).AsTask());

        Assert.Equal(SystemObjects.RootFolder, _node.Image.Find(_folder)!.ParentId);
        Assert.Equal(2, (await _node.Sequencer.WriteAsync(Request(Moves(1)))).Changed[0].Version);
    }

    private IEnumerable<ChangeObject> Renames(int count) => Enumerable.Range(0, count).Select(i => new ChangeObject { Id = _folder, Name = i % 2 == 0 ? "f" : new string('f', 200) });

    private ChangeObject[] Moves(int count)
        => [.. Enumerable.Range(0, count).Select(i => new ChangeObject { Id = _folder, ParentId = i % 2 == 0 ? _other : SystemObjects.RootFolder })];

    private static WriteRequest Guarded(WriteOperation[] operations, CancellationToken gone) => Request(operations) with { Guard = new Everything(), Gone = gone };

    private sealed class Everything : IWriteGuard
    {
        public bool MaySee(IObjectView view, CmsObject one) => true;

        public void DemandToTouch(IObjectView view, CmsObject one, ChangeObject change)
        {
        }

        // As a move's right is asked of all that lies below.
        public void Demand(IObjectView view, CmsObject? before, CmsObject? after) => Assert.Equal(Leaves, ObjectPaths.Descendants(view, before!.Id).Count());
    }
}
