using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.RunTimeImage.Query;
using LoggerCms.Node.Http;
using LoggerCms.Node.Tests.Support;

namespace LoggerCms.Node.Tests.Hostile;

/// <summary>Reading a folder of many objects that the caller may not see.</summary>
public sealed class HiddenChildrenTests
{
    private static readonly CmsObject One = SystemObjects.Create(1, 0, [])[0];

    [Theory]
    [InlineData(10_000, 0)]
    [InlineData(100_000, 4)]
    public async Task It_gives_way_to_others_from_where_it_takes_long(int hidden, int least)
    {
        var turn = new CountedTurn();
        Assert.Empty(await ObjectEndpoints.VisibleAsync(Enumerable.Repeat(One, hidden), 1001, new QueryWork(static _ => false, null, turn, NodeFixture.Token)));
        Assert.InRange(turn.Entered, least, least * 2);
    }

    [Fact]
    public async Task It_ends_where_nobody_waits_for_it_any_more()
    {
        using var gone = new CancellationTokenSource();
        var looked = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ObjectEndpoints.VisibleAsync(Enumerable.Repeat(One, 100_000), 1001, new QueryWork(Look, null, null, gone.Token)));
        Assert.Equal(10, looked);

        bool Look(CmsObject one)
        {
            if (++looked == 10)
                gone.Cancel();
            return false;
        }
    }

    [Fact]
    public async Task It_looks_no_further_than_the_page_goes()
    {
        var looked = 0;
        var work = new QueryWork(_ => ++looked % 3 == 0, null, null, NodeFixture.Token);
        Assert.Equal(5, (await ObjectEndpoints.VisibleAsync(Enumerable.Repeat(One, 100_000), 5, work)).Count);
        Assert.Equal(15, looked);
    }

    [Fact]
    public async Task Turns_that_nobody_entered_are_not_under_way()
    {
        using var turns = new QueryTurns();
        var idle = Enumerable.Range(0, 100).Select(_ => turns.Of(1, NodeFixture.Token)).ToList();
        List<QueryTurns.Turn> entered = [];
        for (var i = 0; i < QueryTurns.MostOfCaller; i++)
        {
            entered.Add(turns.Of(1, NodeFixture.Token));
            await entered[^1].EnterAsync();
            entered[^1].Leave();
        }

        var refused = await Assert.ThrowsAsync<LoggerCmsException>(() => idle[0].EnterAsync().AsTask());
        Assert.Equal(ErrorCodes.LimitExceeded, refused.Code);
        idle[0].Dispose();
        entered[0].Dispose();
        await idle[1].EnterAsync();
        Assert.All(idle.Concat(entered.Skip(1)), static turn => turn.Dispose());
    }

    private sealed class CountedTurn : IQueryTurn
    {
        public int Entered { get; private set; }

        public void Leave()
        {
        }

        public ValueTask EnterAsync()
        {
            Entered++;
            return ValueTask.CompletedTask;
        }
    }
}
