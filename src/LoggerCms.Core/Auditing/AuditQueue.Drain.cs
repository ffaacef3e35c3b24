using LoggerCms.Core.Files;

namespace LoggerCms.Core.Auditing;

/// <summary>The way from the segments to the database.</summary>
internal sealed partial class AuditQueue
{
    private const int BatchBytes = 4 * 1024 * 1024;

    private DateTimeOffset _nextPurge;
    private LoggerCmsException? _failure;
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
                if (await TryDrainAsync(cancellationToken).ConfigureAwait(false))
                    await TryPurgeAsync(cancellationToken).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end that was asked for.
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
                await _database.PrepareAsync(cancellationToken).ConfigureAwait(false);
                _prepared = true;
            }

            while (await StoreNextAsync(cancellationToken).ConfigureAwait(false))
            {
            }

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
            await _database.InsertAsync(events, cancellationToken).ConfigureAwait(false);
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
        var now = _time.GetUtcNow();
        if (_options.Retention is not { } retention || now < _nextPurge)
            return;
        try
        {
            await _database.PurgeAsync(UnixTime.Us(now - retention), cancellationToken).ConfigureAwait(false);
            _nextPurge = now + _options.RetentionInterval;
        }
        catch (LoggerCmsException e)
        {
            SetFailure(e);
        }
    }

    private void SetFailure(LoggerCmsException? failure)
    {
        lock (_gate)
            _failure = failure;
    }
}
