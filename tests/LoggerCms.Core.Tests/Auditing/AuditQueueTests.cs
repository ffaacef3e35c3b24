using LoggerCms.Core.Auditing;
using LoggerCms.CrashableFiles;

namespace LoggerCms.Core.Tests.Auditing;

public sealed class AuditQueueTests
{
    private const string Folder = "/queue/audit";

    private readonly CrashableDisk _disk = new(1);
    private readonly MemoryAuditDatabase _database = new();

    public AuditQueueTests() => _disk.HasFolder("/queue");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_wait_on_disk_while_the_database_is_away_and_come_in_order_and_in_batches_after_it()
    {
        await using var queue = Open();
        _database.IsAway = true;
        var events = Events.Some(20);
        foreach (var e in events)
            await queue.EnqueueAsync([e], durable: true, Token);
        Assert.False(await queue.TryDrainAsync(Token));
        Assert.Equal(ErrorCodes.ServerUnreachable, queue.State.Failure?.Code);
        Assert.True(_disk.Paths.Count > 1);
        _database.IsAway = false;
        Assert.True(await queue.TryDrainAsync(Token));
        Assert.Equal(events.Select(e => e.Id), _database.Stored.Keys);
        Assert.All(_database.Batches, b => Assert.InRange(b, 1, 3));
        Assert.Empty(_disk.Paths);
        Assert.Equal((0L, 20L), (queue.State.Bytes, queue.State.Stored));
        Assert.Null(queue.State.Failure);
    }

    public static TheoryData<Exception> Failures =>
    [
        new LoggerCmsException(ErrorCodes.ServerUnreachable, "Away.", "Wait."), new InvalidOperationException("broken"), new OperationCanceledException("its own time was over"),
    ];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_database_that_is_away_is_noticed_and_stays_so_also_where_nothing_is_to_be_stored(Exception failure)
    {
        var database = new MemoryAuditDatabase { Failure = failure };
        var time = new SteppedTime(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var queue = AuditQueue.Open(_disk, database, Events.Options(Folder), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var loop = queue.RunAsync(stop.Token);
        await time.StepUntilAsync(TimeSpan.FromSeconds(1), () => database.Looks > 0, Token);
        database.IsAway = true;
        await time.StepUntilAsync(TimeSpan.FromSeconds(1), () => queue.State.Failure is not null, Token);
        var (since, from) = (queue.State.FailedSince!.Value, time.GetUtcNow());
        await time.StepUntilAsync(TimeSpan.FromSeconds(1), () => time.GetUtcNow() - from > TimeSpan.FromSeconds(20), Token);
        Assert.Equal(since, queue.State.FailedSince);
        database.IsAway = false;
        await time.StepUntilAsync(TimeSpan.FromSeconds(1), () => queue.State.FailedSince is null, Token);
        await stop.CancelAsync();
        await loop;
    }

    [Fact]
    public async Task An_event_comes_out_as_it_went_in_but_for_NUL()
    {
        await using var queue = Open();
        var e = Events.Some(1)[0];
        await queue.EnqueueAsync([e], durable: false, Token);
        await queue.TryDrainAsync(Token);
        Assert.Equal(e with { Detail = e.Detail.Replace('\0', '\uFFFD') }, _database.Stored[e.Id]);
    }

    [Fact]
    public async Task A_full_queue_refuses_services_first_and_whole_batches_only()
    {
        await using var queue = Open(Events.Options(Folder) with { MaxBytes = 8000 });
        _database.IsAway = true;
        var accepted = 0;
        var refused = await Assert.ThrowsAsync<LoggerCmsException>(async () =>
        {
            for (; ; accepted += 2)
                await queue.EnqueueAsync(Events.Some(2), durable: true, Token);
        });
        Assert.Equal(ErrorCodes.LimitExceeded, refused.Code);
        Assert.InRange(queue.State.Bytes, 6000, 7000);
        await queue.EnqueueAsync(Events.Some(2), durable: false, Token);
        await Assert.ThrowsAsync<LoggerCmsException>(() => queue.EnqueueAsync(Events.Some(12), durable: false, Token));
        Assert.InRange(queue.State.Bytes, 6000, 8000);
        _database.IsAway = false;
        await queue.TryDrainAsync(Token);
        Assert.Equal(accepted + 2, _database.Stored.Count);
        await queue.EnqueueAsync(Events.Some(2), durable: true, Token);
    }

    [Fact]
    public async Task A_full_disk_is_typed_and_accepts_nothing_until_there_is_room()
    {
        await using var queue = Open();
        _disk.Begin(new CrashPlan { FullAtWrite = 3 });
        await queue.EnqueueAsync(Events.Some(1), durable: true, Token);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => queue.EnqueueAsync(Events.Some(3), durable: true, Token));
        Assert.Equal(ErrorCodes.DiskFull, failure.Code);
        _disk.MakeRoom();
        await queue.EnqueueAsync(Events.Some(1), durable: true, Token);
        await queue.TryDrainAsync(Token);
        Assert.Equal(2, _database.Stored.Count);
    }

    [Fact]
    public async Task Damage_before_a_durable_offset_is_set_aside_and_the_rest_is_stored()
    {
        string path;
        await using (var queue = Open(Events.Options(Folder) with { SegmentBytes = 100_000 }))
        {
            for (var i = 0; i < 5; i++)
                await queue.EnqueueAsync(Events.Some(1), durable: true, Token);
            path = Assert.Single(_disk.Paths);
        }

        var bytes = _disk.ReadAll(path);
        bytes[AuditSegment.HeaderSize + 40] ^= 1;
        _disk.Put(path, bytes);
        await using var next = Open();
        Assert.True(await next.TryDrainAsync(Token));
        Assert.Equal(4, _database.Stored.Count);
        Assert.Equal(1, next.State.Damaged);
        Assert.Equal(path + ".damaged", Assert.Single(_disk.Paths));
    }

    [Fact]
    public async Task A_segment_of_another_version_is_refused_and_left_untouched()
    {
        await using (var queue = Open())
            await queue.EnqueueAsync(Events.Some(1), durable: true, Token);
        var path = Assert.Single(_disk.Paths);
        var bytes = _disk.ReadAll(path);
        bytes[8] = 2;
        _disk.Put(path, bytes);
        Assert.Equal(ErrorCodes.FormatNotSupported, Assert.Throws<LoggerCmsException>(() => Open()).Code);
        Assert.Equal(bytes, _disk.ReadAll(path));
    }

    [Fact]
    public async Task Waiters_share_a_sync()
    {
        await using var queue = Open();
        await queue.EnqueueAsync(Events.Some(1), durable: false, Token);
        var before = _disk.Syncs;
        await queue.EnqueueAsync(Events.Some(1), durable: false, Token);
        await queue.MakeDurableAsync(Token);
        await queue.MakeDurableAsync(Token);
        Assert.Equal(before + 1, _disk.Syncs);
    }

    [Fact]
    public async Task Running_it_stores_at_intervals_and_removes_what_is_older_than_the_retention()
    {
        var time = new SteppedTime(DateTimeOffset.UnixEpoch.AddDays(1000));
        await using var queue = AuditQueue.Open(
            _disk, _database, Events.Options(Folder) with { Retention = TimeSpan.FromDays(1), RetentionInterval = TimeSpan.FromHours(1) }, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = queue.RunAsync(stop.Token);
        await queue.EnqueueAsync(Events.Some(1), durable: false, Token);
        await time.StepUntilAsync(TimeSpan.FromSeconds(1), () => _database.Stored.Count == 1, Token);
        await time.StepUntilAsync(TimeSpan.FromMinutes(30), () => _database.Purges.Count == 1, Token);
        Assert.InRange(_database.Purges[0], 999L * 86_400_000_000, 999L * 86_400_000_000 + 86_400_000_000);
        await time.StepUntilAsync(TimeSpan.FromMinutes(30), () => _database.Purges.Count >= 2, Token);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_clock_that_runs_ahead_for_a_while_removes_nothing_and_goes_on_removing_afterwards()
    {
        var time = new SteppedTime(DateTimeOffset.UnixEpoch.AddDays(1000));
        await using var queue = AuditQueue.Open(
            _disk, _database, Events.Options(Folder) with { Retention = TimeSpan.FromDays(365), RetentionInterval = TimeSpan.FromHours(1) }, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = queue.RunAsync(stop.Token);
        var looks = 0;
        for (var hour = 0; hour < 6; hour++)
        {
            // Wrong for half an hour of each.
            time.Ahead = TimeSpan.FromDays(hour % 2 * 400);
            looks = _database.Looks;
            await time.StepUntilAsync(TimeSpan.FromMinutes(30), () => _database.Looks > looks, Token);
        }

        Assert.Empty(_database.Purges);
        time.Ahead = TimeSpan.Zero;
        await time.StepUntilAsync(TimeSpan.FromMinutes(30), () => _database.Purges.Count == 1, Token);
        Assert.InRange(_database.Purges[0], 635L * 86_400_000_000, 637L * 86_400_000_000);
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_database_that_does_not_answer_counts_as_away_until_it_does()
    {
        await using var queue = Open(Events.Options(Folder) with { LongestAnswer = TimeSpan.FromMilliseconds(300) });
        Assert.True(await queue.TryDrainAsync(Token));
        await queue.EnqueueAsync(Events.Some(1), durable: true, Token);
        _database.Before = token => Task.Delay(Timeout.Infinite, token);
        Assert.False(await queue.TryDrainAsync(Token));
        Assert.Contains("has not answered", queue.State.Failure!.Message, StringComparison.Ordinal);
        _database.Before = null;
        Assert.True(await queue.TryDrainAsync(Token));
        Assert.Equal((1, true), (_database.Stored.Count, queue.State.Failure is null));
    }

    [Fact]
    public async Task What_goes_through_the_whole_table_is_told_of_where_it_takes_long_and_not_ended()
    {
        await using var queue = Open(Events.Options(Folder) with { LongestAnswer = TimeSpan.FromMilliseconds(20) });
        var answer = new TaskCompletionSource();
        _database.Before = token => answer.Task.WaitAsync(token);
        var preparing = queue.TryDrainAsync(Token);
        while (queue.State.Failure is null)
            await Task.Delay(1, Token);
        _database.Before = null;
        answer.SetResult();
        Assert.True(await preparing);
        Assert.Null(queue.State.Failure);
    }

    private AuditQueue Open(AuditQueueOptions? options = null)
        => AuditQueue.Open(_disk, _database, options ?? Events.Options(Folder), TimeProvider.System);
}
