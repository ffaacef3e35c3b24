using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>A stop that is cancelled somewhere, and the one after it.</summary>
public sealed class StopTests
{
    private readonly CrashableDisk _disk = NewDisk();
    private readonly FakeSystemDatabase _database = new();

    [Theory]
    [InlineData("at once")]
    [InlineData("flush")]
    [InlineData("told")]
    [InlineData("told again")]
    [InlineData("release")]
    public async Task A_cancelled_stop_leaves_a_node_that_says_so_and_the_next_one_completes(string at)
    {
        using var cancel = new CancellationTokenSource();
        var told = 0;
        var faulty = new FaultyDatabase(_database);
        var node = new CmsNode(faulty, _disk, Options, TimeProvider.System)
        {
            BeforeTrim = token =>
            {
                told++;
                if ((at == "told" && told == 1) || (at == "told again" && told == 2))
                    cancel.Cancel();
                token.ThrowIfCancellationRequested();
                return Task.CompletedTask;
            },
        };
        await node.StartAsync(Token);
        var made = await node.MakeAsync("a");
        faulty.Fault = what =>
        {
            if (what == at)
                cancel.Cancel();
            return DatabaseFault.None;
        };
        if (at == "at once")
            await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => node.StopAsync(cancel.Token));
        Assert.Equal(NodeState.Degraded, node.State.State);
        Assert.Contains("stopping", node.State.Reason, StringComparison.Ordinal);
        Assert.False(node.Ended.IsCompleted);
        Assert.True((await _database.ReadStateAsync(Token)).Lease!.InForce);
        Assert.Equal(ErrorCodes.NodeNotReady, (await Assert.ThrowsAsync<LoggerCmsException>(() => node.MakeAsync("b"))).Code);
        Assert.NotNull(node.Image.Find(made.Id));

        await node.StopAsync(Token);
        Assert.Equal(NodeState.Stopped, node.State.State);
        Assert.Null(await node.Ended);
        Assert.NotNull(await _database.FindAsync(made.Id, Token));
        Assert.Empty(Segments(_disk));
        Assert.False((await _database.ReadStateAsync(Token)).Lease!.InForce);
        await node.StopAsync(Token);
        await node.DisposeAsync();
    }

    [Fact]
    public async Task Stops_side_by_side_end_together()
    {
        var node = await NodeFixture.StartAsync(_database, _disk);
        await node.MakeAsync("a");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => node.StopAsync(Token))));
        Assert.Empty(Segments(_disk));
        Assert.Null(await node.Ended);
    }

    [Fact]
    public async Task A_flush_that_succeeds_after_a_cancelled_stop_does_not_make_the_node_look_ready()
    {
        var faulty = new FaultyDatabase(_database);
        var states = System.Threading.Channels.Channel.CreateUnbounded<(NodeState State, string Reason)>();
        var often = Options with { Cluster = Options.Cluster with { FlushInterval = TimeSpan.FromMilliseconds(1), LongestRetry = TimeSpan.FromMilliseconds(1) } };
        await using var node = new CmsNode(faulty, _disk, often, TimeProvider.System)
        {
            StateChanged = (state, _, reason) => states.Writer.TryWrite((state, reason)),
        };
        await node.StartAsync(Token);
        await node.Flusher.FlushAsync(Token);
        faulty.Fault = _ => DatabaseFault.Away;
        await node.MakeAsync("a");
        await UntilAsync(states, s => s.Reason.Contains("cannot be written", StringComparison.Ordinal));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => node.StopAsync(new CancellationToken(canceled: true)));
        faulty.Fault = null;
        await UntilAsync(states, s => s.Reason.Contains("stopping", StringComparison.Ordinal) && node.Flusher.Failure is null);
        Assert.Equal(NodeState.Degraded, node.State.State);
        await node.StopAsync(Token);
    }

    private static async Task UntilAsync(
        System.Threading.Channels.Channel<(NodeState State, string Reason)> states, Func<(NodeState State, string Reason), bool> isReached)
    {
        while (!isReached(await states.Reader.ReadAsync(Token)))
        {
        }
    }

    [Fact]
    public async Task A_node_whose_database_does_not_answer_is_degraded_refuses_writes_with_that_reason_and_can_be_stopped()
    {
        var (disk, database) = (NewDisk(), new FakeSystemDatabase());
        var faulty = new FaultyDatabase(database);
        var options = Options with
        {
            Cluster = new ClusterOptions
            {
                FlushInterval = TimeSpan.FromMilliseconds(5),
                LongestAnswer = TimeSpan.FromMilliseconds(500),
                LongestWait = TimeSpan.FromSeconds(2),
                MostUnflushedBytes = 1,
            },
        };
        var node = await NodeFixture.StartAsync(faulty, disk, options);
        await node.Flusher.FlushAsync(Token);
        faulty.Before = (_, token) => Task.Delay(Timeout.Infinite, token);
        await node.MakeAsync("a");
        while (node.Told.State != NodeState.Degraded)
            await Task.Delay(1, Token);
        Assert.Contains("has not answered", node.Told.Reason, StringComparison.Ordinal);
        Assert.Contains("cannot be written just now", (await Assert.ThrowsAsync<LoggerCmsException>(() => node.MakeAsync("b"))).Message, StringComparison.Ordinal);

        Assert.Equal(ErrorCodes.ConnectionLost, (await Assert.ThrowsAsync<LoggerCmsException>(() => node.StopAsync(Token))).Code);
        Assert.NotEmpty(Segments(disk));
        await using var again = await NodeFixture.StartAsync(database, disk);
        Assert.NotNull(again.Image.FindChild(SystemObjects.RootFolder, "a"));
    }
}
