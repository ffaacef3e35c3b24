using LoggerCms.Core.Files;

namespace LoggerCms.Core.Deltas;

/// <summary>
/// A node's journal of changes that are not yet in its system database: segments in a folder, written by one thread of their own.
/// <para>
/// 1. An append copies its record into the pending group and waits. 2. The thread takes the pending group, writes it as one frame and syncs
/// once; meanwhile the next group gathers. 3. It tells the durable key, then completes the appends. So what was acknowledged is on the disk,
/// the order in the file is the order of the calls, and no record is on the disk without all those before it.
/// </para>
/// <para>
/// Where a write or a sync fails, the file is given up: nothing is written or synced there again, and what was acknowledged in it stays valid.
/// The group is written anew into the next segment, whose header says where the valid part of the one before ends. Until that works appends
/// wait, for <see cref="DeltaOptions.FailAfter"/> at most; then those of which no byte was ever written fail with <c>JournalFailed</c> and will
/// never be found in a file, and those that were written to a file that was given up fail with <c>OutcomeUnknown</c>: a crash before the next
/// segment may bring them back. The journal goes on trying and goes on by itself once there is a way.
/// </para>
/// <para>
/// A file that somebody removes takes writes and syncs as if nothing were, so after each sync its path is looked at: where that does not lead to it any
/// more, the sync counts as failed. Then, before each marker and before each new segment all segments are looked for by name, and those that are missing
/// are put back from their open handles; but not where the folder that holds the delta folder was moved, replaced or unmounted: no later start would look
/// there.
/// </para>
/// </summary>
internal sealed partial class DeltaJournal : IAsyncDisposable
{
    private readonly IFileLayer _files;
    private readonly string _folder;
    private readonly DeltaJournalHeader _header;
    private readonly DeltaOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<long>? _onDurable;
    private readonly Action<DeltaAppendFailure>? _onFailed;
    private readonly Guid _journalId = Guid.NewGuid();
    private readonly long _keyBefore;
    private readonly string _above;
    private readonly string? _markAbove;
    private readonly string? _volume;
    private readonly AppendWaiterPool _waiters = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Everything below is read and written under the gate, unless it says otherwise.
    private readonly object _gate = new();
    private readonly List<ClosedSegment> _closed = [];
    private PendingGroup _pending = new();
    private PendingGroup? _idleGroup = new();
    private long _lastAppended;
    private long _sequence;
    private bool _isHeld;
    private bool _mayTake;
    private bool _closing;
    private Exception? _endedBy;
    private LoggerCmsException? _failing;

    private DeltaJournal(
        IFileLayer files, string folder, DeltaJournalHeader header, DeltaOptions options, Action<long>? onDurable, Action<DeltaAppendFailure>? onFailed, TimeProvider time,
        long lastSequence, long keyBefore)
    {
        _files = files;
        _folder = folder;
        _header = header;
        _options = options;
        _onDurable = onDurable;
        _onFailed = onFailed;
        _time = time;
        _nextSequence = lastSequence + 1;
        _keyBefore = keyBefore;
        _above = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder)) ?? folder;
        _markAbove = files.Mark(_above);
        _volume = files.Volume(folder);
        _timer = time.CreateTimer(static journal => ((DeltaJournal)journal!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Begins a journal in the folder, which is made where it is missing. Files that are there stay as they are, except for room that an
    /// earlier journal made and never used.
    /// </summary>
    /// <param name="files">Where the folder is.</param>
    /// <param name="folder">The folder, used by one journal at a time.</param>
    /// <param name="header">Whose journal it is.</param>
    /// <param name="options">How it writes.</param>
    /// <param name="onDurable">
    /// Called on the journal's thread after each group, before the appends of the group complete, with the last key that is durable now. It must
    /// not throw: a journal whose callback did is ended, and its appends fail.
    /// </param>
    /// <param name="onFailed">
    /// Called on the journal's thread when appends have failed, once for all of them. Until it returns every further append is refused, so that
    /// who plans changes on changes can forget those that came to nothing first. It must not throw.
    /// </param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="keyBefore">The last update key that the epoch begins above: a flush without a change says that of the epoch. 0 where it is not known.</param>
    /// <exception cref="LoggerCmsException">JournalFailed: the folder cannot be used.</exception>
    public static DeltaJournal Create(
        IFileLayer files, string folder, DeltaJournalHeader header, DeltaOptions? options = null, Action<long>? onDurable = null,
        Action<DeltaAppendFailure>? onFailed = null, TimeProvider? time = null, long keyBefore = 0)
    {
        options ??= new DeltaOptions();
        options.Check();
        try
        {
            files.MakeFolder(folder);
            foreach (var spare in files.List(folder).Where(f => f.Path.EndsWith(DeltaNames.SpareSuffix, StringComparison.Ordinal) && DeltaNames.Parse(f.Path) is not null))
                files.Delete(spare.Path);
            var journal = new DeltaJournal(
                files, folder, header, options, onDurable, onFailed, time ?? TimeProvider.System, DeltaNames.LastSequence(files, folder, header.Epoch), keyBefore);
            journal.OpenNext(0);
            new Thread(journal.Run) { IsBackground = true, Name = "Delta journal" }.Start();
            return journal;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, folder);
        }
    }

    /// <summary>Stands in the header of each of its segments.</summary>
    public Guid Id => _journalId;

    /// <summary>Of the segment that is written now, or was last.</summary>
    public long Sequence
    {
        get
        {
            lock (_gate)
                return _sequence;
        }
    }

    /// <summary>Told of a segment's sequence on the journal's thread, before anything is acknowledged in it. It must not throw.</summary>
    public Action<long>? Begun { get; set; }

    public DeltaJournalState State
    {
        get
        {
            lock (_gate)
            {
                return new DeltaJournalState(
                    _closed.Count + (_active is null ? 0 : 1),
                    _closed.Sum(s => s.Segment.Length) + (_active?.Length ?? 0),
                    _durableKey,
                    _records,
                    _groups,
                    _syncs + (_active?.Syncs ?? 0),
                    _failedSince,
                    _failure?.Message);
            }
        }
    }

    /// <summary>Appends a record; the task completes once it is on the disk.</summary>
    /// <param name="updateKey">The last update key of the record, above that of every append before.</param>
    /// <param name="payload">The record, at most <see cref="DeltaFormat.MaxRecord"/> bytes; copied before this returns.</param>
    /// <exception cref="LoggerCmsException">
    /// JournalFailed: it was not written and is in no file. OutcomeUnknown: it may or may not be there after a crash. LimitExceeded: too much is
    /// waiting; it was not written.
    /// </exception>
    public ValueTask AppendAsync(long updateKey, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            if (Refusal(updateKey, payload.Length) is { } refusal)
                return ValueTask.FromException(refusal);
            var waiter = _waiters.Rent();
            var task = waiter.Task;
            Add(updateKey, payload, waiter);
            return task;
        }
    }

    /// <summary>The same for one who learns the outcome from the callbacks alone.</summary>
    /// <exception cref="LoggerCmsException">JournalFailed or LimitExceeded: it was not taken.</exception>
    public void Append(long updateKey, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            if (Refusal(updateKey, payload.Length) is { } refusal)
                throw refusal;
            Add(updateKey, payload, null);
        }
    }

    /// <summary>
    /// From now on records wait for <see cref="LetGo"/>, to be written and synced together: for one who appends very many, waits for none of them
    /// by itself, and has the journal for himself.
    /// </summary>
    public void Hold()
    {
        lock (_gate)
            (_isHeld, _mayTake) = (true, false);
    }

    /// <summary>What is held goes.</summary>
    /// <param name="andHold">Whether what comes after it is held again.</param>
    public void LetGo(bool andHold)
    {
        lock (_gate)
        {
            (_isHeld, _mayTake) = (andHold, true);
            Monitor.Pulse(_gate);
        }
    }

    private Exception? Refusal(long updateKey, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, DeltaFormat.MaxRecord);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(updateKey, _lastAppended);
        if (_closing)
            return _endedBy ?? DeltaFailure.Closed(_folder);
        if (_failing is not null)
            return _failing;
        return _pending.FrameLength + (long)length > _options.MaxPendingBytes && _pending.Count > 0
            ? DeltaFailure.TooMuchPending(_folder, _pending.FrameLength)
            : null;
    }

    private void Add(long updateKey, ReadOnlySpan<byte> payload, AppendWaiter? waiter)
    {
        _pending.Add(updateKey, payload, waiter);
        _lastAppended = updateKey;
        if (_isWaiting && !_isHeld && _pending.Count >= _wakeAt)
            Monitor.Pulse(_gate);
    }

    /// <summary>
    /// Writes and acknowledges what is pending, ends the thread and gives the files up. What cannot be written fails.
    /// </summary>
    /// <param name="removeAll">
    /// Remove every segment of this journal, oldest first: all that it holds is in the system database, or is given up.
    /// </param>
    /// <exception cref="LoggerCmsException">JournalFailed: a segment could not be removed.</exception>
    public async Task CloseAsync(bool removeAll)
    {
        lock (_gate)
        {
            _closing = true;
            _keepMarker = !removeAll;
            Monitor.Pulse(_gate);
        }

        await _ended.Task.ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        if (removeAll)
            await RemoveThroughAsync(long.MaxValue).ConfigureAwait(false);
    }

    /// <summary>Closes it and leaves its segments where they are.</summary>
    public async ValueTask DisposeAsync() => await CloseAsync(removeAll: false).ConfigureAwait(false);

    /// <summary>
    /// A segment that nothing is written to any more. It stays open until it goes, so that it can be put back where somebody else removes it before.
    /// </summary>
    /// <param name="Segment">The segment.</param>
    /// <param name="LastKey">What the system database must have before it may go.</param>
    private readonly record struct ClosedSegment(DeltaSegment Segment, long LastKey);
}
