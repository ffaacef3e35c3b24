using LoggerCms.Core.Files;

namespace LoggerCms.Core.Auditing;

/// <summary>
/// Audit events on their way to their database. Accepted ones stand in segments on disk until they are stored; a segment goes when all of its
/// events are stored. After a crash whole segments are stored again, and the database's look at the ids makes once of that.
/// <para>Locks: <c>_gate</c> guards the list of segments and appending, <c>_syncGate</c> is held by whoever syncs a segment or closes it, and is
/// taken first. One call at a time drains.</para>
/// </summary>
internal sealed partial class AuditQueue : IAsyncDisposable
{
    private readonly IFileLayer _files;
    private readonly IAuditDatabase _database;
    private readonly AuditQueueOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _syncGate = new(1, 1);
    private readonly SemaphoreSlim _drainGate = new(1, 1);
    private readonly List<AuditSegment> _segments = [];

    /// <summary>Events appended to the current segment that no sync has covered: what a failed sync leaves to be written again.</summary>
    private List<byte[]> _unsynced = [];

    /// <summary>Events whose file is not to be trusted any more and that no other file holds yet: the next segment begins with them.</summary>
    private readonly List<byte[]> _lost = [];

    private AuditSegment? _current;
    private long _nextNumber;
    private long _appended;
    private long _durable;

    private AuditQueue(IFileLayer files, IAuditDatabase database, AuditQueueOptions options, TimeProvider time)
    {
        _files = files;
        _database = database;
        _options = options;
        _time = time;
        _clock = new SteadyClock(time, options.RetentionInterval);
        _patience = new Patience(database.Name, options.LongestAnswer);
        _longPatience = new Patience(database.Name, LongerAtLeast * options.LongestAnswer);
    }

    /// <summary>How the queue stands now.</summary>
    public AuditQueueState State
    {
        get
        {
            lock (_gate)
                return new AuditQueueState(Bytes, _stored, _damaged, _failure, _failure is null ? null : _failedSince);
        }
    }

    private long Bytes => _segments.Sum(s => s.End);

    /// <summary>Takes up what an earlier process left. Reads the segments, not the database.</summary>
    /// <exception cref="LoggerCmsException">FormatNotSupported; AccessDenied or JournalFailed for a folder that cannot be used.</exception>
    public static AuditQueue Open(IFileLayer files, IAuditDatabase database, AuditQueueOptions options, TimeProvider time)
    {
        var queue = new AuditQueue(files, database, options, time);
        queue.OnDisk(() =>
        {
            files.MakeFolder(options.Folder);
            foreach (var (number, segment) in AuditFolder.Open(files, options.Folder))
            {
                queue._segments.Add(segment);
                queue._nextNumber = Math.Max(queue._nextNumber, number + 1);
            }
        });
        return queue;
    }

    /// <summary>
    /// Accepts all of the events or none. With <paramref name="durable"/> they are on disk when this returns; without it they are once
    /// <see cref="MakeDurableAsync"/> has, and until then whoever hands them in must be able to do so again.
    /// </summary>
    /// <exception cref="LoggerCmsException">
    /// LimitExceeded (see <see cref="AuditQueueOptions.MaxBytes"/>), InvalidOption, DiskFull, JournalFailed: none of the events counts as accepted,
    /// and sending them again is right.
    /// </exception>
    public async Task EnqueueAsync(IReadOnlyList<AuditEvent> events, bool durable, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
            return;
        byte[][] encoded = [.. events.Select(AuditCodec.Encode)];
        var size = AuditSegment.HeaderSize + encoded.Sum(e => (long)e.Length + AuditSegment.EnvelopeSize);
        long ticket;
        lock (_gate)
        {
            CheckRoom(size, durable);
            OnDisk(() => Append(encoded));
            ticket = _appended;
        }

        if (durable)
            await SyncToAsync(ticket, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns when all that was accepted before is on disk, or stored: what a node waits for before it deletes the deltas that carry its events.</summary>
    public Task MakeDurableAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return SyncToAsync(_appended, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _drainGate.WaitAsync().ConfigureAwait(false);
        await _syncGate.WaitAsync().ConfigureAwait(false);
        lock (_gate)
        {
            foreach (var segment in _segments)
                segment.Dispose();
            _segments.Clear();
            _current = null;
        }
    }

    private void CheckRoom(long size, bool durable)
    {
        var room = durable ? _options.MaxBytes / 8 * 7 : _options.MaxBytes;
        if (Bytes + size <= room)
            return;
        throw new LoggerCmsException(
            ErrorCodes.LimitExceeded,
            $"The audit queue in '{_options.Folder}' holds {Bytes} of at most {room} bytes; {size} more were refused.",
            $"Bring the audit database '{_database.Name}' back, then send the events again.",
            innerException: _failure);
    }

    private void Append(IReadOnlyList<byte[]> encoded)
    {
        if (_current is null || _current.End >= _options.SegmentBytes && _unsynced.Count == 0)
        {
            _current = AuditSegment.Create(_files, AuditFolder.PathOf(_options.Folder, _nextNumber++));
            _segments.Add(_current);
        }

        if (_lost.Count > 0)
        {
            _current.Append(_lost);
            _unsynced.AddRange(_lost);
            _lost.Clear();
        }

        _current.Append(encoded);
        _unsynced.AddRange(encoded);
        _appended += encoded.Count;
    }

    /// <summary>Whoever comes first syncs for all who came until then.</summary>
    private async Task SyncToAsync(long ticket, CancellationToken cancellationToken)
    {
        await _syncGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Interlocked.Read(ref _durable) < ticket)
                OnDisk(SyncCurrent);
        }
        finally
        {
            _syncGate.Release();
        }
    }

    private void SyncCurrent()
    {
        AuditSegment segment;
        long end, covered;
        int events;
        lock (_gate)
        {
            if (_lost.Count > 0)
                Append([]);
            if (_current is null)
                return;
            (segment, end, covered, events) = (_current, _current.End, _appended, _unsynced.Count);
        }

        try
        {
            segment.Sync();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            lock (_gate)
                WriteAgain();
            return;
        }

        lock (_gate)
        {
            segment.Durable = end;
            _unsynced.RemoveRange(0, events);
            Interlocked.Exchange(ref _durable, covered);
        }
    }

    /// <summary>
    /// A file whose sync failed is never written or synced again: nobody knows what the disk has of it. What it may have lost is written to another.
    /// </summary>
    private void WriteAgain()
    {
        _lost.AddRange(_unsynced);
        (_current, _unsynced) = (null, []);
        Append([]);
        var segment = _current!;
        try
        {
            segment.Sync();
        }
        catch
        {
            _lost.AddRange(_unsynced);
            (_current, _unsynced) = (null, []);
            throw;
        }

        segment.Durable = segment.End;
        _unsynced.Clear();
        Interlocked.Exchange(ref _durable, _appended);
    }

    private void OnDisk(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            const int noSpace = 28;
            var (code, remedy) = (e, e.HResult) switch
            {
                (UnauthorizedAccessException, _) => (ErrorCodes.AccessDenied, $"Grant this account write access to '{_options.Folder}'."),
                (_, noSpace) or (_, unchecked((int)0x80070070)) => (ErrorCodes.DiskFull, $"Free space for '{_options.Folder}', then send the events again."),
                _ => (ErrorCodes.JournalFailed, $"Check the disk of '{_options.Folder}', then send the events again."),
            };
            throw new LoggerCmsException(code, $"The audit queue cannot write to '{_options.Folder}': {e.Message}", remedy, innerException: e);
        }
    }
}
