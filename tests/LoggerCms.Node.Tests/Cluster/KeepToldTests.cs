using LoggerCms.Core.Cluster;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>Who was told of changes must keep that before delta files go, and may fail to.</summary>
public sealed class KeepToldTests
{
    private static readonly NodeOptions Often = Options with
    {
        Cluster = Options.Cluster with { FlushInterval = TimeSpan.FromMilliseconds(1), LongestRetry = TimeSpan.FromMilliseconds(1) },
    };

    private readonly CrashableDisk _disk = NewDisk();
    private readonly FakeSystemDatabase _database = new();

    public static TheoryData<Exception> Failures =>
    [
        new InvalidOperationException("the queue is broken"),
        new IOException("the queue is broken"),
        new LoggerCmsException(ErrorCodes.LimitExceeded, "the queue is broken", "Look."),
    ];

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Failures))]
    public async Task A_failure_to_keep_degrades_the_node_with_the_reason_and_is_tried_again_without_a_further_change(Exception failure)
    {
        var states = System.Threading.Channels.Channel.CreateUnbounded<(NodeState State, string Reason)>();
        var fails = false;
        await using var node = new CmsNode(_database, _disk, Often, TimeProvider.System)
        {
            StateChanged = (state, _, reason) => states.Writer.TryWrite((state, reason)),
            BeforeTrim = _ => Volatile.Read(ref fails) ? throw failure : Task.CompletedTask,
        };
        await node.StartAsync(Token);
        await node.Flusher.FlushAsync(Token);
        Volatile.Write(ref fails, true);
        for (var i = 0; i < 40; i++)
            await node.MakeAsync($"n{i}");
        var tries = 0;
        while (tries < 3)
        {
            var (state, reason) = await states.Reader.ReadAsync(Token);
            if (state == NodeState.Degraded && reason.Contains("the queue is broken", StringComparison.Ordinal) && reason.Contains("delta files stay", StringComparison.Ordinal))
                tries++;
        }

        Assert.False(node.Ended.IsCompleted);
        Assert.NotEmpty(Segments(_disk));
        Volatile.Write(ref fails, false);
        while ((await states.Reader.ReadAsync(Token)).State != NodeState.Ready)
        {
        }

        // The flush that succeeded may have begun before the last of them were made.
        while (node.Describe().Unflushed > 0)
            await Task.Delay(10, Token);
        Assert.Null(node.Flusher.Failure);
        await node.StopAsync(Token);
        Assert.Empty(Segments(_disk));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_could_not_be_told_after_a_flush_is_told_by_the_next_one_also_when_that_has_nothing_to_write()
    {
        var told = 0;
        var node = await NodeFixture.StartAsync(_database, _disk);
        node.BeforeTrim = _ => ++told == 1 ? throw new InvalidOperationException("broken") : Task.CompletedTask;
        await node.MakeAsync("a");
        Assert.Equal(ErrorCodes.Unexpected, (await Assert.ThrowsAsync<LoggerCmsException>(() => node.Flusher.FlushAsync(Token))).Code);
        Assert.Equal(0, node.Describe().Unflushed);
        await node.Flusher.FlushAsync(Token);
        Assert.Equal(2, told);
        await node.Flusher.FlushAsync(Token);
        Assert.Equal(2, told);
        await node.DisposeAsync();
    }
}
