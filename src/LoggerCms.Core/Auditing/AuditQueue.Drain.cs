using LoggerCms.Core.Files;

namespace LoggerCms.Core.Auditing;

/// <summary>The way from the segments to the database.</summary>
internal sealed partial class AuditQueue
{
    private const int BatchBytes = 4 * 1024 * 1024;

    // A purge and a conversion go through the whole table: one that is cut off would begin again.
    private const int LongerAtLeast = 8;

    private readonly Patience _patience;
    private readonly Patience _longPatience;
    private readonly SteadyClock _clock;
    private long? _reached;
    private LoggerCmsException? _failure;
    private DateTimeOffset _failedSince;
    private bool _prepared;
    private long _stored;
    private int _damaged;

    /// <summary>Stores what comes, at intervals, and removes what is older than the retention, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.Interval, _time);
        try
        {
            do
            {
                await StepAsync(cancellationToken).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await TryDrainAsync(cancellationToken).ConfigureAwait(false))
                await TryPurgeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is, the events stay; and a queue that nobody drains any more must say so, and go on.
            SetFailure(new LoggerCmsException(
                ErrorCodes.Unexpected, $"Storing audit events failed: {exception.Message}", "Look at the audit database and its disk.", innerException: exception));
        }
    }

    /// <summary>Stores all that was accepted; what was stored is deleted.</summary>
    /// <returns>False when the database or the disk fails: <see cref="State"/> has the reason, and the events stay.</returns>
    public async Task<bool> TryDrainAsync(CancellationToken cancellationToken)
    {
        await _drainGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_prepared)
            {
                await _longPatience.TellAsync(_database.PrepareAsync(cancellationToken), SetFailure).ConfigureAwait(false);
                _prepared = true;
            }

            var stored = _stored;
            while (await StoreNextAsync(cancellationToken).ConfigureAwait(false))
            {
            }

            if (stored == _stored)
                await LookAsync(cancellationToken).ConfigureAwait(false);
            else
                _reached = _time.GetTimestamp();
            _patience.Settle();
            SetFailure(null);
            return true;
        }
        catch (LoggerCmsException e)
        {
            SetFailure(e);
            return false;
        }
        finally
        {
            _drainGate.Release();
        }
    }

    // With nothing to store it would be found out only with the next event that it is away, and a failure would be over that is not.
    private async Task LookAsync(CancellationToken cancellationToken)
    {
        if (_reached is { } reached && _time.GetElapsedTime(reached) < _options.LookInterval && _failure is null)
            return;
        await AnswerAsync(_database.LookAsync, cancellationToken).ConfigureAwait(false);
        _reached = _time.GetTimestamp();
    }

    private async Task<bool> StoreNextAsync(CancellationToken cancellationToken)
    {
        AuditSegment? segment;
        List<AuditEvent> events;
        long readTo;
        lock (_gate)
        {
            segment = _segments.FirstOrDefault();
            if (segment is null)
                return false;
            (events, readTo) = ([], segment.Stored);
            if (!segment.IsStored)
                OnDisk(() => events = segment.Read(_options.BatchEvents, BatchBytes, out readTo));
        }

        if (events.Count > 0)
            await AnswerAsync(token => _database.InsertAsync(events, token), cancellationToken).ConfigureAwait(false);
        await _syncGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_gate)
            {
                segment.Stored = readTo;
                _stored += events.Count;
                if (segment.IsStored)
                    OnDisk(() => LetGo(segment));
            }
        }
        finally
        {
            _syncGate.Release();
        }

        return true;
    }

    private void LetGo(AuditSegment segment)
    {
        if (segment == _current)
        {
            // All that was accepted is stored, which is more than durable.
            _current = null;
            _unsynced.Clear();
            if (_lost.Count == 0)
                Interlocked.Exchange(ref _durable, _appended);
        }

        _segments.Remove(segment);
        segment.Dispose();
        if (!segment.IsDamaged)
        {
            _files.DeleteForGood(segment.Path);
            return;
        }

        _damaged++;
        _files.Rename(segment.Path, segment.Path + AuditFolder.DamagedSuffix);
        _files.SyncFolder(_options.Folder);
    }

    private async Task TryPurgeAsync(CancellationToken cancellationToken)
    {
        if (_options.Retention is not { } retention || _clock.Now() is not { } now)
            return;
        try
        {
            await _longPatience.TellAsync(_database.PurgeAsync(UnixTime.Us(now - retention), cancellationToken), SetFailure).ConfigureAwait(false);
            _clock.Restart();
        }
        catch (LoggerCmsException e)
        {
            SetFailure(e);
        }
    }

    private Task AnswerAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
        => _patience.AnswerAsync(work, SetFailure, cancellationToken);

    private void SetFailure(LoggerCmsException? failure)
    {
        lock (_gate)
        {
            if (_failure is null)
                _failedSince = _time.GetUtcNow();
            _failure = failure;
        }
    }
}
