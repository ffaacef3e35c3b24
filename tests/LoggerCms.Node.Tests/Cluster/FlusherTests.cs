using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using LoggerCms.Transfer.Tests.Support;

namespace LoggerCms.Node.Tests.Cluster;

public sealed class FlusherTests : IAsyncLifetime
{
    private static readonly ClusterOptions Options = new() { FlushInterval = TimeSpan.FromSeconds(1), LongestRetry = TimeSpan.FromSeconds(15) };

    private readonly ManualTime _time = new();
    private readonly FakeSystemDatabase _database = new();
    private readonly Events _events = new();
    private readonly UnflushedChanges _unflushed = new(0);
    private FaultyDatabase _faulty = null!;
    private Flusher _flusher = null!;
    private long _epoch;
    private long _key = 100;
    private System.Threading.Channels.Channel<TimeSpan>? _idle;
    private Task<TimeSpan>? _nextWait;

    public async ValueTask InitializeAsync()
    {
        _faulty = new FaultyDatabase(_database);
        _epoch = (await _database.TakeLeaseAsync(NodeFixture.NodeId, "n1", takeOver: false, usedEpoch: 0, NodeFixture.Token)).Epoch;
        var blocks = new KeyBlocks(_faulty, _epoch, await _database.ReadStateAsync(NodeFixture.Token), Options);
        await blocks.ReserveAsync(NodeFixture.Token);
        _flusher = new Flusher(_faulty, _unflushed, blocks, _epoch, _events, Options, _time);
    }

    public ValueTask DisposeAsync() => _flusher.DisposeAsync();

    [Fact]
    public async Task A_database_that_is_away_is_asked_again_at_growing_intervals_and_gets_all_of_it_at_last()
    {
        var waits = new System.Threading.Channels.UnboundedChannelOptions { SingleReader = true };
        var asked = System.Threading.Channels.Channel.CreateUnbounded<TimeSpan>(waits);
        _time.OnWait = wait => asked.Writer.TryWrite(wait);
        _faulty.Fault = what => what == "flush" ? DatabaseFault.Away : DatabaseFault.None;
        Change(1000);
        _flusher.Start();
        List<double> seconds = [];
        for (var i = 0; i < 7; i++)
        {
            var wait = await asked.Reader.ReadAsync(NodeFixture.Token);
            seconds.Add(wait.TotalSeconds);
            if (i == 6)
                _faulty.Fault = null;
            else
                Change(1001 + i);
            _time.Advance(wait);
        }

        Assert.Equal([1, 2, 4, 8, 15, 15, 15], seconds);
        Assert.Equal(1, (await asked.Reader.ReadAsync(NodeFixture.Token)).TotalSeconds);
        Assert.Equal((6L, 7L), (_flusher.Failures, (await _database.ReadStateAsync(NodeFixture.Token)).Objects));
        Assert.Equal((6, 1, 0), (_events.Failed, _events.Recoveries, _unflushed.Count));
    }

    [Fact]
    public async Task Writers_that_wait_for_room_do_not_have_a_database_that_is_away_asked_more_often()
    {
        var asked = System.Threading.Channels.Channel.CreateUnbounded<TimeSpan>();
        _time.OnWait = wait => asked.Writer.TryWrite(wait);
        _faulty.Fault = what => what == "flush" ? DatabaseFault.Away : DatabaseFault.None;
        Change(1000);
        _flusher.Start();
        _time.Advance(await asked.Reader.ReadAsync(NodeFixture.Token));
        var wait = await asked.Reader.ReadAsync(NodeFixture.Token);
        List<Task> writers = [];
        for (var i = 0; i < 50; i++)
        {
            writers.Add(_flusher.NextAsync(NodeFixture.Token));
            await Task.Delay(2, NodeFixture.Token);
        }

        Assert.Equal(1, _flusher.Failures);
        Assert.False(asked.Reader.TryRead(out _));
        _faulty.Fault = null;
        _time.Advance(wait);
        await Task.WhenAll(writers);
        Assert.Equal((1L, 1L), (_flusher.Failures, _flusher.Flushes));
    }

    [Theory]
    [InlineData(DatabaseFault.LostAfter, 0)]
    [InlineData(DatabaseFault.LostBefore, 1)]
    public async Task A_lost_answer_is_looked_up_and_what_was_not_committed_stays(object fault, int left)
    {
        Change(1000);
        var lost = (DatabaseFault)fault;
        _faulty.Fault = what => what == "flush" ? lost : DatabaseFault.None;
        if (left == 0)
            await _flusher.FlushAsync(NodeFixture.Token);
        else
            Assert.Equal(ErrorCodes.OutcomeUnknown, (await Assert.ThrowsAsync<LoggerCmsException>(() => _flusher.FlushAsync(NodeFixture.Token))).Code);
        Assert.Equal(left, _unflushed.Count);
        _faulty.Fault = null;
        await _flusher.FlushAsync(NodeFixture.Token);
        Assert.Equal(1, (await _database.ReadStateAsync(NodeFixture.Token)).Objects);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lost_answer_to_a_removal_of_expired_entries_alone_is_not_taken_for_a_commit(bool isFirst)
    {
        var key = new LocalKey(LocalClass.Request, Guid.CreateVersion7());
        if (!isFirst)
        {
            Change(1000);
            await _flusher.FlushAsync(NodeFixture.Token);
        }

        _unflushed.AddOwn([key], []);
        _faulty.Fault = what => what == "flush" ? DatabaseFault.LostBefore : DatabaseFault.None;
        Assert.Equal(ErrorCodes.OutcomeUnknown, (await Assert.ThrowsAsync<LoggerCmsException>(() => _flusher.FlushAsync(NodeFixture.Token))).Code);
        Assert.Equal(1, _unflushed.Count);
        _faulty.Fault = null;
        await _flusher.FlushAsync(NodeFixture.Token);
        Assert.Equal(0, _unflushed.Count);
    }

    [Fact]
    public async Task When_the_state_cannot_be_read_after_a_lost_answer_the_batch_is_written_again_with_what_came_since()
    {
        Change(1000);
        _faulty.Fault = what => what switch { "flush" => DatabaseFault.LostAfter, "state" => DatabaseFault.Away, _ => DatabaseFault.None };
        Assert.Equal(ErrorCodes.ConnectionLost, (await Assert.ThrowsAsync<LoggerCmsException>(() => _flusher.FlushAsync(NodeFixture.Token))).Code);
        Remove(1000);
        Change(1001);
        _faulty.Fault = null;
        await _flusher.FlushAsync(NodeFixture.Token);
        Assert.Null(await _database.FindAsync(1000, NodeFixture.Token));
        Assert.NotNull(await _database.FindAsync(1001, NodeFixture.Token));
    }

    [Fact]
    public async Task A_database_that_does_not_answer_counts_as_away_and_one_that_is_only_slow_gets_more_time_from_try_to_try()
    {
        var blocks = new KeyBlocks(_faulty, _epoch, await _database.ReadStateAsync(NodeFixture.Token), Options);
        await blocks.ReserveAsync(NodeFixture.Token);
        await using var flusher = new Flusher(_faulty, _unflushed, blocks, _epoch, _events, Options with { LongestAnswer = TimeSpan.FromMilliseconds(20) }, _time);
        Change(1000);
        _faulty.Before = (_, token) => Task.Delay(Timeout.Infinite, token);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => flusher.FlushAsync(NodeFixture.Token));
        Assert.Equal((ErrorCodes.ConnectionLost, 1), (failure.Code, _unflushed.Count));
        Assert.Contains("has not answered", failure.Message, StringComparison.Ordinal);
        Assert.Same(failure, flusher.Failure);

        // Longer than at first, and less than it comes to.
        _faulty.Before = (_, token) => Task.Delay(25, token);
        for (var tries = 0; tries < 10 && flusher.Failure is not null; tries++)
            await Record.ExceptionAsync(() => flusher.FlushAsync(NodeFixture.Token));
        Assert.Equal(0, _unflushed.Count);
    }

    [Fact]
    public async Task A_call_that_does_not_answer_and_cannot_be_ended_is_told_of_all_the_same()
    {
        var blocks = new KeyBlocks(_faulty, _epoch, await _database.ReadStateAsync(NodeFixture.Token), Options);
        await blocks.ReserveAsync(NodeFixture.Token);
        await using var flusher = new Flusher(_faulty, _unflushed, blocks, _epoch, _events, Options with { LongestAnswer = TimeSpan.FromMilliseconds(300) }, _time);
        var back = new TaskCompletionSource();
        _faulty.Before = (_, _) => back.Task;
        Change(1000);
        var flush = flusher.FlushAsync(NodeFixture.Token);
        while (flusher.Failure is null)
            await Task.Delay(1, NodeFixture.Token);
        Assert.False(flush.IsCompleted);
        _faulty.Before = null;
        back.SetResult();
        await Record.ExceptionAsync(() => flush);
        await flusher.FlushAsync(NodeFixture.Token);
        Assert.Equal((0, true), (_unflushed.Count, flusher.Failure is null));
    }

    [Fact]
    public async Task Another_epoch_ends_it_for_good()
    {
        await _database.TakeLeaseAsync(Guid.NewGuid(), "n2", takeOver: true, usedEpoch: 0, NodeFixture.Token);
        Change(1000);
        _flusher.Start();
        _flusher.Ask();
        Assert.Equal(ErrorCodes.EpochLost, (await _events.End.Task.WaitAsync(NodeFixture.Token)).Code);
        Assert.Equal(0, (await _database.ReadStateAsync(NodeFixture.Token)).Objects);
    }

    [Fact]
    public async Task Another_epoch_ends_it_also_where_nobody_writes()
    {
        await _database.TakeLeaseAsync(Guid.NewGuid(), "n2", takeOver: true, usedEpoch: 0, NodeFixture.Token);
        await IdleAsync(_events.End.Task);
        Assert.Equal(ErrorCodes.EpochLost, (await _events.End.Task).Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3600)]
    public async Task A_database_that_is_away_is_noticed_also_where_nobody_writes_and_so_is_that_it_is_back(int interval)
    {
        var blocks = new KeyBlocks(_faulty, _epoch, await _database.ReadStateAsync(NodeFixture.Token), Options);
        await blocks.ReserveAsync(NodeFixture.Token);
        await _flusher.DisposeAsync();
        _flusher = new Flusher(_faulty, _unflushed, blocks, _epoch, _events, Options with { FlushInterval = TimeSpan.FromSeconds(interval) }, _time);
        var isAway = true;
        var away = new TaskCompletionSource();
        _faulty.Fault = _ => isAway ? DatabaseFault.Away : DatabaseFault.None;
        _events.OnFailed = () => away.TrySetResult();
        await IdleAsync(away.Task);
        Assert.NotNull(_flusher.Failure);
        isAway = false;
        await IdleAsync(_events.Back.Task);
        Assert.Null(_flusher.Failure);
        Assert.Equal((1, 0L), (_events.Recoveries, _flusher.Flushes));
    }

    [Fact]
    public async Task Who_waits_for_room_is_let_go_on_by_a_commit_also_when_the_trim_after_it_fails()
    {
        Change(1000);
        var next = _flusher.NextAsync(NodeFixture.Token);
        _events.FailsToLetGo = true;
        await Assert.ThrowsAsync<LoggerCmsException>(() => _flusher.FlushAsync(NodeFixture.Token));
        await next;
        Assert.Equal(0, _unflushed.Bytes);
    }

    [Fact]
    public async Task What_the_database_has_and_nobody_else_could_keep_still_takes_room_because_it_waits_in_memory()
    {
        Change(1000);
        var next = _flusher.NextAsync(NodeFixture.Token);
        _events.FailsToKeep = true;
        await Assert.ThrowsAsync<LoggerCmsException>(() => _flusher.FlushAsync(NodeFixture.Token));
        Change(1001);
        await Assert.ThrowsAsync<LoggerCmsException>(() => _flusher.FlushAsync(NodeFixture.Token));
        Assert.Equal((200, 0, false), (_unflushed.Bytes, _unflushed.Count, next.IsCompleted));
        _events.FailsToKeep = false;
        await _flusher.FlushAsync(NodeFixture.Token);
        await next;
        Assert.Equal(0, _unflushed.Bytes);
    }

    // Lets time go on, as far as the flusher waits, until something has happened; an hour is too long.
    private async Task IdleAsync(Task happened)
    {
        if (_idle is null)
        {
            _idle = System.Threading.Channels.Channel.CreateUnbounded<TimeSpan>();
            _time.OnWait = wait => _idle.Writer.TryWrite(wait);
            _flusher.Start();
        }

        for (var passed = TimeSpan.Zero; !happened.IsCompleted;)
        {
            // One that is not used is kept for the next call: it would take a wait away from that.
            _nextWait ??= _idle.Reader.ReadAsync(NodeFixture.Token).AsTask();
            if (await Task.WhenAny(_nextWait, happened) == happened)
                return;
            var wait = await _nextWait;
            _nextWait = null;
            passed += wait;
            Assert.True(passed < TimeSpan.FromMinutes(1));
            _time.Advance(wait);
        }
    }

    private void Change(long id) => _unflushed.Add([new PutChange { UpdateKey = ++_key, BeforeKey = 0, Object = Make(id) }], null, 100);

    private void Remove(long id) => _unflushed.Add([new RemoveChange { UpdateKey = ++_key, BeforeKey = 0, Id = id, Kind = "Txt", Name = "a" }], null, 100);

    private CmsObject Make(long id) => new()
    {
        Id = id,
        Cuid = $"C{id}",
        Kind = "Txt",
        ParentId = 23,
        Name = $"n{id}",
        OwnerId = 12,
        Version = 1,
        UpdateKey = _key,
        CreatedUs = 0,
        ModifiedUs = 0,
        Properties = [],
    };

    private sealed class Events : IFlushEvents
    {
        public int Failed { get; private set; }

        public int Recoveries { get; private set; }

        public bool FailsToKeep { get; set; }

        public bool FailsToLetGo { get; set; }

        public Action? OnFailed { get; set; }

        public TaskCompletionSource Back { get; } = new();

        public TaskCompletionSource<LoggerCmsException> End { get; } = new();

        public (IReadOnlyList<LocalKey> Expired, IReadOnlyList<LocalEntry> Kept) Own() => ([], []);

        public Task FlushingAsync(long throughKey, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task FlushedAsync(long throughKey, CancellationToken cancellationToken)
            => FailsToKeep ? throw new LoggerCmsException(ErrorCodes.LimitExceeded, "The queue is full.", "Look.") : Task.CompletedTask;

        public Task LetGoAsync(long throughKey)
            => FailsToLetGo ? throw new LoggerCmsException(ErrorCodes.JournalFailed, "A segment could not be removed.", "Look.") : Task.CompletedTask;

        public void FlushFailed(LoggerCmsException exception, bool isCommitted, TimeSpan retryAfter)
        {
            Failed++;
            OnFailed?.Invoke();
        }

        public void Recovered()
        {
            Recoveries++;
            Back.TrySetResult();
        }

        public void Lost(LoggerCmsException exception) => End.SetResult(exception);
    }
}
