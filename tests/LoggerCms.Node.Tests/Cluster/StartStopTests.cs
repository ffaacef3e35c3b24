using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;
using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Reconcile;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Cluster;

public sealed class StartStopTests
{
    private static readonly NodeOptions Other = Options with { NodeId = new Guid("00000000-0000-0000-0000-000000000002"), Name = "n2", DataPath = null };

    private readonly CrashableDisk _disk = NewDisk();
    private readonly FakeSystemDatabase _database = new();

    [Fact]
    public async Task A_start_with_the_database_away_ends_with_the_reason_and_leaves_nothing()
    {
        var faulty = new FaultyDatabase(_database) { Fault = _ => DatabaseFault.Away };
        await using var node = new CmsNode(faulty, _disk, Options, TimeProvider.System);
        Assert.Equal(ErrorCodes.ConnectionLost, (await Assert.ThrowsAsync<LoggerCmsException>(() => node.StartAsync(Token))).Code);
        Assert.Equal(NodeState.Stopped, node.State.State);
        Assert.Empty(_disk.Paths);
    }

    [Theory]
    [InlineData("state")]
    [InlineData("reserve")]
    public async Task A_start_that_fails_half_way_gives_the_lease_back_and_leaves_no_delta_file(string at)
    {
        var faulty = new FaultyDatabase(_database) { Fault = what => what == at ? DatabaseFault.Away : DatabaseFault.None };
        await using var node = new CmsNode(faulty, _disk, Options, TimeProvider.System);
        await Assert.ThrowsAsync<LoggerCmsException>(() => node.StartAsync(Token));
        Assert.Empty(Segments(_disk));
        await (await NodeFixture.StartAsync(_database, _disk, Other)).StopAsync(Token);
    }

    [Fact]
    public async Task Nobody_changes_anything_before_what_delta_files_hold_was_brought_in()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        List<(NodeStep Step, string Code)> tries = [];
        await using var node = new CmsNode(left.Database, left.Disk, Options, TimeProvider.System);
        node.StateChanged = (state, step, _) =>
        {
            if (state == NodeState.Starting)
                tries.Add((step, Assert.Throws<LoggerCmsException>(() => node.Sequencer.Submit(Request(Create("early")))).Code));
        };
        await node.StartAsync(Token);
        Assert.Contains((NodeStep.ReconcileDeltaFiles, ErrorCodes.NodeNotReady), tries);
        Assert.All(tries, t => Assert.Equal(ErrorCodes.NodeNotReady, t.Code));
        await node.MakeAsync("early");
    }

    [Fact]
    public async Task While_delta_files_wait_no_other_node_gets_the_lease()
    {
        var left = await Left.ByAsync(node => node.MakeAsync("a"));
        await Assert.ThrowsAsync<LoggerCmsException>(async () =>
        {
            var faulty = new FaultyDatabase(left.Database) { Fault = what => what == "state" ? DatabaseFault.Away : DatabaseFault.None };
            await using var node = new CmsNode(faulty, left.Disk, Options, TimeProvider.System);
            await node.StartAsync(Token);
        });
        Assert.Equal(ErrorCodes.SideInService, (await Assert.ThrowsAsync<LoggerCmsException>(() => left.StartAsync(Other))).Code);
        await using var again = await left.StartAsync();
        Assert.NotNull(again.Image.FindChild(SystemObjects.RootFolder, "a"));
    }

    [Fact]
    public async Task A_stop_with_the_database_away_keeps_the_delta_files_and_the_lease_and_the_next_start_has_it_all()
    {
        var faulty = new FaultyDatabase(_database);
        var node = await NodeFixture.StartAsync(faulty, _disk);
        await node.MakeAsync("a");
        faulty.Fault = _ => DatabaseFault.Away;
        await Assert.ThrowsAsync<LoggerCmsException>(() => node.StopAsync(Token));
        Assert.Equal(ErrorCodes.ConnectionLost, (await node.Ended)!.Code);
        Assert.Equal(NodeState.Stopped, node.State.State);
        await node.DisposeAsync();
        Assert.NotEmpty(Segments(_disk));
        Assert.True((await _database.ReadStateAsync(Token)).Lease!.InForce);
        await using var again = await NodeFixture.StartAsync(_database, _disk);
        Assert.NotNull(again.Image.FindChild(SystemObjects.RootFolder, "a"));
    }

    [Fact]
    public async Task A_stop_ends_also_when_the_delta_folder_fails_under_writes_that_wait_for_it()
    {
        var node = await NodeFixture.StartAsync(_database, _disk, Options with { Deltas = SmallDeltas with { FailAfter = TimeSpan.FromMilliseconds(20) } });
        var kept = await node.MakeAsync("a");
        _disk.Begin(new CrashPlan { FullAtWrite = 1 });
        var write = node.MakeAsync("b");
        await node.StopAsync(Token);
        Assert.Contains((await Assert.ThrowsAsync<LoggerCmsException>(() => write)).Code, new[] { ErrorCodes.JournalFailed, ErrorCodes.OutcomeUnknown });
        Assert.Null(await node.Ended);
        Assert.Empty(Segments(_disk));
        Assert.NotNull(await _database.FindAsync(kept.Id, Token));
    }

    [Fact]
    public async Task A_stop_while_clients_write_answers_each_and_has_all_that_was_acknowledged_in_the_database()
    {
        var node = await NodeFixture.StartAsync(_database, _disk);
        List<ChangedObject> acknowledged = [];
        var clients = Enumerable.Range(0, 8).Select(c => Task.Run(async () =>
        {
            for (var i = 0; ; i++)
            {
                try
                {
                    var made = await node.MakeAsync($"n{c} {i}");
                    lock (acknowledged)
                        acknowledged.Add(made);
                }
                catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.NodeNotReady)
                {
                    return;
                }
            }
        })).ToList();
        while (node.Sequencer.Writes < 100)
            await Task.Yield();
        await node.StopAsync(Token);
        await Task.WhenAll(clients);
        Assert.True(acknowledged.Count >= 99);
        foreach (var made in acknowledged)
            Assert.NotNull(await _database.FindAsync(made.Id, Token));
        Assert.Empty(Segments(_disk));
        Assert.False((await _database.ReadStateAsync(Token)).Lease!.InForce);
        await node.StopAsync(Token);
    }

    [Fact]
    public async Task A_node_whose_lease_was_taken_ends_with_the_reason_and_never_writes_the_database_again()
    {
        var node = await NodeFixture.StartAsync(_database, _disk, Options with { Cluster = Options.Cluster with { FlushInterval = TimeSpan.FromMilliseconds(1) } });
        await node.Flusher.FlushAsync(Token);
        await _database.TakeLeaseAsync(Other.NodeId, "n2", takeOver: true, usedEpoch: 0, Token);
        var before = (await _database.ReadStateAsync(Token)).LastUpdateKey;
        var made = await node.MakeAsync("a");
        Assert.Equal(ErrorCodes.EpochLost, (await node.Ended.WaitAsync(Token))!.Code);
        Assert.Equal(ErrorCodes.EpochLost, (await Assert.ThrowsAsync<LoggerCmsException>(() => node.MakeAsync("b"))).Code);
        Assert.Equal(before, (await _database.ReadStateAsync(Token)).LastUpdateKey);
        await Assert.ThrowsAsync<LoggerCmsException>(() => node.StopAsync(Token));
        await node.DisposeAsync();
        Assert.NotEmpty(Segments(_disk));

        // What it acknowledged before it learned of that waits in its delta files.
        await using var again = await NodeFixture.StartAsync(_database, _disk, Options with { TakeOver = true });
        Assert.Equal("a", again.Image.Find(made.Id)?.Name);
    }

    [Fact]
    public async Task It_is_degraded_while_the_database_is_away_and_ready_again_after()
    {
        var faulty = new FaultyDatabase(_database);
        var changes = System.Threading.Channels.Channel.CreateUnbounded<NodeState>();
        await using var node = new CmsNode(faulty, _disk, Options with { Cluster = Options.Cluster with { FlushInterval = TimeSpan.FromMilliseconds(1), LongestRetry = TimeSpan.FromMilliseconds(1) } }, TimeProvider.System)
        {
            StateChanged = (state, _, _) => changes.Writer.TryWrite(state),
        };
        await node.StartAsync(Token);
        await node.Flusher.FlushAsync(Token);
        faulty.Fault = _ => DatabaseFault.Away;
        await node.MakeAsync("a");
        while (await changes.Reader.ReadAsync(Token) != NodeState.Degraded)
        {
        }

        faulty.Fault = null;
        while (await changes.Reader.ReadAsync(Token) != NodeState.Ready)
        {
        }
    }

    [Fact]
    public async Task A_clock_that_runs_ahead_for_a_while_takes_no_token_and_one_that_has_long_expired_goes()
    {
        var time = new ShiftedTime();
        var node = await NodeFixture.StartAsync(_database, _disk, time: time);
        var (lasting, brief) = (node.Tokens.Issue(Caller, "a", TimeSpan.FromDays(365)), node.Tokens.Issue(Caller, "b", TimeSpan.FromHours(1)));
        await node.Sequencer.WriteAsync(Request(new PutLocal(lasting.Entry), new PutLocal(brief.Entry)));
        time.Shift = TimeSpan.FromDays(400);
        await node.Flusher.FlushAsync(Token);
        time.Shift = TimeSpan.Zero;
        await node.Flusher.FlushAsync(Token);
        Assert.Equal(TokenVerdict.Valid, node.Tokens.Verify(lasting.Text).Verdict);
        time.Passed = TimeSpan.FromDays(2);
        await node.Flusher.FlushAsync(Token);
        await node.StopAsync(Token);

        await using var again = await NodeFixture.StartAsync(_database, _disk, time: time);
        Assert.Equal(TokenVerdict.Valid, again.Tokens.Verify(lasting.Text).Verdict);
        Assert.Equal(TokenVerdict.Unknown, again.Tokens.Verify(brief.Text).Verdict);
    }

    /// <summary>The machine's clocks, with time that passed on both, and a wall clock that is wrong.</summary>
    [Theory]
    [InlineData("prepare")]
    [InlineData("state")]
    [InlineData("lease")]
    [InlineData("reserve")]
    public async Task A_start_whose_database_accepts_and_does_not_answer_says_so_and_can_be_stopped(string call)
    {
        var silent = new FaultyDatabase(new FakeSystemDatabase()) { Before = (what, token) => what == call ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask };
        var options = Options with { Cluster = Options.Cluster with { LongestAnswer = TimeSpan.FromMilliseconds(20) } };
        await using var node = new CmsNode(silent, NewDisk(), options, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var start = node.StartAsync(stop.Token);
        while (!node.State.Reason.Contains("has not answered", StringComparison.Ordinal))
            await Task.Delay(5, Token);
        Assert.False(start.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
        Assert.Equal(NodeState.Stopped, node.State.State);
    }

    private sealed class ShiftedTime : TimeProvider
    {
        public TimeSpan Passed { get; set; }

        public TimeSpan Shift { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Passed + Shift;

        public override long GetTimestamp() => System.GetTimestamp() + (long)(Passed.TotalSeconds * System.TimestampFrequency);
    }
}
