using System.Collections.Concurrent;

namespace LoggerCms.Core.Tests;

public sealed class SideBySideTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 0)]
    [InlineData(100, 3)]
    public async Task Every_item_is_worked_on_once_by_no_more_workers_than_were_asked_for(int items, int workers)
    {
        var (done, now, most) = (new ConcurrentBag<int>(), 0, 0);
        await SideBySide.ForEachAsync(
            [.. Enumerable.Range(0, items)],
            workers,
            async (item, _) =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref now));
                await Task.Yield();
                done.Add(item);
                Interlocked.Decrement(ref now);
            },
            Token);
        Assert.Equal(Enumerable.Range(0, items), done.Order());
        Assert.InRange(most, 0, Math.Max(1, workers));
    }

    [Fact]
    public async Task The_first_failure_cancels_the_others_begins_no_further_item_and_is_thrown()
    {
        var (begun, waiting) = (0, new TaskCompletionSource());
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => SideBySide.ForEachAsync(
            [0, 1, 2, 3],
            2,
            async (item, cancel) =>
            {
                Interlocked.Increment(ref begun);
                if (item == 0)
                {
                    waiting.SetResult();
                    await Task.Delay(Timeout.Infinite, cancel);
                }

                await waiting.Task;
                throw new InvalidOperationException("first");
            },
            Token));
        Assert.Equal(("first", 2), (failure.Message, begun));
    }

    [Fact]
    public async Task Nothing_is_begun_after_a_cancellation_also_where_there_is_nothing_to_do()
        => await Assert.ThrowsAsync<OperationCanceledException>(() => SideBySide.ForEachAsync<int>([], 1, (_, _) => Task.CompletedTask, new CancellationToken(canceled: true)));

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }
}
