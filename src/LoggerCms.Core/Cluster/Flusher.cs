using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Writes what is durable in delta files to the system database, at intervals and when asked, and lets go of what it covers. A database that is
/// away is asked again and again; nothing is lost by it, because the delta files stay until a flush was committed. Another epoch in the database
/// ends the node's right to write for good, and so does a database that went back to an earlier state: what it lacks is in no delta file any more,
/// and a flush would close over the gap. Where there is nothing to write, the database is asked now and then for nothing but that. A call that is not
/// answered counts as failed (<see cref="Patience"/>), and one that cannot even be ended is told of all the same.
/// </summary>
internal sealed class Flusher(
    ISystemDatabase database, UnflushedChanges unflushed, KeyBlocks blocks, long epoch, IFlushEvents events, ClusterOptions options, TimeProvider time)
    : IAsyncDisposable
{
    // So long, and about the time of one flush more, an idle node may not know that it has no database or no right to write any more.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    // Of a line that is slow; what is to be written may have gathered while the database was away.
    private const long BytesPerSecond = 256 << 10;

    private readonly CancellationTokenSource _stop = new();
    private readonly Patience _patience = new(database.Name, options.LongestAnswer);
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _never = New();
    private TaskCompletionSource _asked = New();
    private TaskCompletionSource _progress = New();
    private Task _loop = Task.CompletedTask;
    private LoggerCmsException? _failure;
    private long? _untold;
    private long _reached = time.GetTimestamp();
    private int _disposed;

    /// <summary>Why the last flush failed; null when it did not.</summary>
    public LoggerCmsException? Failure => Volatile.Read(ref _failure);

    public long Flushes { get; private set; }

    public long Failures { get; private set; }

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Before the start: has the next flush tell that all up to the key is in the database, also where it has nothing to write.</summary>
    public void Owe(long throughKey) => _untold = throughKey;

    /// <summary>Has the next flush begin at once; one that waits because the last failed goes on waiting.</summary>
    public void Ask() => Swap(ref _asked, replace: false);

    /// <summary>Ends after the next flush that was committed.</summary>
    public Task NextAsync(CancellationToken cancellationToken)
    {
        Task next;
        lock (_lock)
            next = _progress.Task;
        Ask();
        return next.WaitAsync(cancellationToken);
    }

    /// <summary>Writes all that is durable by now.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="ISystemDatabase.FlushAsync"/>.</exception>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        await RunAsync(FlushOnceAsync, cancellationToken).ConfigureAwait(false);
        Swap(ref _progress, replace: true);
    }

    private async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await work(cancellationToken).ConfigureAwait(false);
            _patience.Settle();
            if (Interlocked.Exchange(ref _failure, null) is not null)
                events.Recovered();
        }
        catch (LoggerCmsException exception)
        {
            Failures++;
            Volatile.Write(ref _failure, exception);
            throw;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Sees to more ids and update keys without a flush.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="ISystemDatabase.ReserveAsync"/>.</exception>
    public async Task ReserveAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ReserveOnceAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _patience.Reset();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        // Between flushes that are far apart the database is looked at all the same.
        var look = options.FlushInterval < LongestSilence ? options.FlushInterval : LongestSilence;
        var (wait, sinceFlush, failed) = (look, TimeSpan.Zero, false);
        while (!_stop.IsCancellationRequested)
        {
            // Every writer that waits for room asks: they would have a database that is away asked as often as they come.
            var isAsked = await WaitAsync(wait, mayBeAsked: !failed).ConfigureAwait(false);
            sinceFlush += wait;
            try
            {
                if (isAsked || failed || Failure is not null || sinceFlush >= options.FlushInterval)
                {
                    await FlushAsync(_stop.Token).ConfigureAwait(false);
                    sinceFlush = TimeSpan.Zero;
                }
                else
                {
                    await RunAsync(LookAsync, _stop.Token).ConfigureAwait(false);
                }

                (wait, failed) = (look, false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (LoggerCmsException exception) when (EndsIt(exception))
            {
                events.Lost(exception);
                return;
            }
            catch (LoggerCmsException exception)
            {
                wait = TimeSpan.FromTicks(Math.Min(Math.Max(wait.Ticks, TimeSpan.TicksPerSecond / 2) * 2, options.LongestRetry.Ticks));
                failed = true;
                events.FlushFailed(exception, _untold is not null, wait);
            }
            catch (Exception exception)
            {
                // Whatever it is, the delta files are the truth; a node that no longer flushes must say so and end.
                events.Lost(new LoggerCmsException(
                    ErrorCodes.Unexpected, $"Writing to the system database failed: {exception.Message}", "Start the node again.", innerException: exception));
                return;
            }
        }
    }

    private async Task FlushOnceAsync(CancellationToken cancellationToken)
    {
        if (blocks.RunsLow)
        {
            await ReserveOnceAsync(cancellationToken).ConfigureAwait(false);

            // Who waited for it goes on, whatever becomes of the rest.
            Swap(ref _progress, replace: true);
        }

        var (expired, kept) = events.Own();
        unflushed.AddOwn(expired, kept);
        if (unflushed.Take(epoch) is { } batch)
            await CommitAsync(batch, cancellationToken).ConfigureAwait(false);
        else
            await LookAsync(cancellationToken).ConfigureAwait(false);
        if (_untold is not { } throughKey)
            return;

        // After a failure it is told again by the next flush, whatever that has to write.
        await events.FlushedAsync(throughKey, cancellationToken).ConfigureAwait(false);
        unflushed.Told();

        // There is room from here on, also where what follows fails.
        Swap(ref _progress, replace: true);
        await events.LetGoAsync(throughKey).ConfigureAwait(false);
        _untold = null;
    }

    // A node that nobody writes to must find out all the same that its database is away, or that another node writes there now.
    private Task LookAsync(CancellationToken cancellationToken)
        => time.GetElapsedTime(_reached) < LongestSilence && Failure is null ? Task.CompletedTask : ReserveOnceAsync(cancellationToken);

    private async Task ReserveOnceAsync(CancellationToken cancellationToken)
    {
        await AnswerAsync(blocks.ReserveAsync, cancellationToken).ConfigureAwait(false);
        _reached = time.GetTimestamp();
    }

    private async Task CommitAsync(FlushBatch batch, CancellationToken cancellationToken)
    {
        var committed = false;
        try
        {
            await AnswerAsync(token => events.FlushingAsync(batch.LastUpdateKey, token), cancellationToken).ConfigureAwait(false);
            await WriteAsync(batch, cancellationToken).ConfigureAwait(false);
            committed = true;
        }
        finally
        {
            if (committed)
                unflushed.Committed();
            else
                unflushed.Failed();
        }

        Flushes++;
        _reached = time.GetTimestamp();
        _untold = batch.LastUpdateKey;
    }

    private async Task WriteAsync(FlushBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await _patience.AnswerAsync(token => database.FlushAsync(batch, token), Tell, cancellationToken, TimeSpan.FromSeconds(batch.Bytes / BytesPerSecond)).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.OutcomeUnknown && batch.LastUpdateKey > unflushed.CommittedKey)
        {
            // The epoch's end tells it. One that removes expired entries alone does not move that, and is written again.
            var state = await _patience.AnswerAsync(database.ReadStateAsync, Tell, cancellationToken).ConfigureAwait(false);
            if (state.Epochs.FirstOrDefault(e => e.Epoch == epoch)?.LastKey != batch.LastUpdateKey)
                throw;
        }
    }

    private Task AnswerAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken) => _patience.AnswerAsync(work, Tell, cancellationToken);

    private void Tell(LoggerCmsException silence) => Volatile.Write(ref _failure, silence);

    /// <returns>Whether a flush was asked for.</returns>
    private async Task<bool> WaitAsync(TimeSpan wait, bool mayBeAsked)
    {
        Task asked;
        lock (_lock)
            asked = mayBeAsked ? _asked.Task : _never.Task;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var first = await Task.WhenAny(asked, Task.Delay(wait, time, timeout.Token)).ConfigureAwait(false);
        await timeout.CancelAsync().ConfigureAwait(false);
        lock (_lock)
        {
            if (_asked.Task.IsCompleted)
                _asked = New();
        }

        return first == asked;
    }

    private void Swap(ref TaskCompletionSource source, bool replace)
    {
        lock (_lock)
        {
            source.TrySetResult();
            if (replace)
                source = New();
        }
    }

    /// <summary>Whether it is one that trying again does not get over.</summary>
    public static bool EndsIt(LoggerCmsException exception) => exception.Code is ErrorCodes.EpochLost or ErrorCodes.DatabaseWentBack;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>What a flush means for the rest of the node.</summary>
internal interface IFlushEvents
{
    /// <summary>Side-local entries whose time is over, to be removed with the next flush, and the node's own, to be written with it.</summary>
    (IReadOnlyList<LocalKey> Expired, IReadOnlyList<LocalEntry> Kept) Own();

    /// <summary>All changes up to the key are about to be written.</summary>
    Task FlushingAsync(long throughKey, CancellationToken cancellationToken);

    /// <summary>All changes up to the key are in the database; whoever was told of them keeps that now. Called again where it failed.</summary>
    Task FlushedAsync(long throughKey, CancellationToken cancellationToken);

    /// <summary>Nobody needs the delta files up to the key any more. Called again where it failed.</summary>
    Task LetGoAsync(long throughKey);

    /// <summary>A flush succeeded after one that had not.</summary>
    void Recovered();

    /// <summary>A flush failed; it is tried again after the wait.</summary>
    /// <param name="exception">Why.</param>
    /// <param name="isCommitted">The database has the changes, and what follows failed.</param>
    /// <param name="retryAfter">Until the next try.</param>
    void FlushFailed(LoggerCmsException exception, bool isCommitted, TimeSpan retryAfter);

    /// <summary>This node writes no more.</summary>
    void Lost(LoggerCmsException exception);
}
