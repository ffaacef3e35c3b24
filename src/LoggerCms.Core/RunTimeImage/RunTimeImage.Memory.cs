namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// The memory limit. Beyond it the properties of clean objects are dropped: a skeleton, which is the same version without them, takes the object's
/// slot. Recency is a mark that reading sets and the sweep takes away: what it finds without one was not read for a whole round.
/// <para><b>Why what comes back is exact.</b> (1) Only what the system database holds is dropped: versions not above the flushed key. (2) The
/// database has that version until a newer one of the object is flushed. (3) A newer one replaces the skeleton here before it is flushed. So who
/// reads back a version other than the skeleton's finds another one in its place by then and begins again; finding the same skeleton still there
/// means that the database is not what it was. (4) A skeleton that a snapshot needs after it was replaced is read back before that flush
/// (<see cref="PrepareFlushAsync"/>), while (2) still holds.</para>
/// </summary>
internal sealed partial class RunTimeImage
{
    /// <summary>Slots, index entries and chunk shares of one object, and its own header and fields.</summary>
    private const int FixedBytes = 120 + 80;

    private long _bytes;
    private long _dropped;
    private long _hits;
    private long _misses;
    private long _flushedKey = -1;
    private int _hand;

    public RunTimeImageStatistics Statistics
    {
        get
        {
            lock (_gate)
            {
                return new RunTimeImageStatistics(
                    _objects, _bytes, _dropped, Interlocked.Read(ref _hits), Interlocked.Read(ref _misses), _history.Count, _snapshots.Count);
            }
        }
    }

    public IReadOnlyDictionary<string, long> CountByKind() => _indexes.CountByKind();

    private bool IsOverLimit => _bytes > (_options.MemoryLimitBytes ?? long.MaxValue);

    /// <summary>About how many bytes of memory an object takes, its part of the indexes included.</summary>
    public static long SizeOf(CmsObject version) => FixedBytes + Text(version.Cuid) + Text(version.Name)
        + (version.IsSkeleton ? 0 : Array(version.Properties)) + Array(version.AccessList);

    /// <summary>The system database holds all changes up to here: objects last changed no later may be dropped.</summary>
    public void SetFlushed(long updateKey)
    {
        lock (_gate)
            _flushedKey = Math.Max(_flushedKey, updateKey);
        Shrink();
    }

    /// <summary>
    /// Called before each flush with the last key that it will write: reads back the dropped properties that a snapshot needs and that the flush
    /// overwrites in the database.
    /// </summary>
    public async ValueTask PrepareFlushAsync(long throughUpdateKey, CancellationToken cancellationToken)
    {
        List<CmsObject> skeletons;
        lock (_gate)
            skeletons = [.. _retired.Where(one => one.ReplacedAt <= throughUpdateKey && one.Version.IsSkeleton).Select(static one => one.Version)];
        foreach (var skeleton in skeletons)
        {
            var whole = await FetchAsync(skeleton.Id, cancellationToken).ConfigureAwait(false);
            lock (_gate)
            {
                if (_history.Find(skeleton.Id, skeleton.UpdateKey) is not { IsSkeleton: true } still || !ReferenceEquals(still, skeleton))
                    continue;
                if (!IsSameVersion(whole, skeleton))
                    throw NotTheVersion(skeleton, whole);
                _history.Replace(skeleton, skeleton.With(whole!.Properties));
            }
        }
    }

    public ValueTask<CmsObject?> GetAsync(long id, CancellationToken cancellationToken)
    {
        var found = Find(id);
        if (found is { IsSkeleton: true })
            return ReadBackAsync(null, found, cancellationToken);
        if (_options.MemoryLimitBytes is not null)
            Interlocked.Increment(ref _hits);
        return ValueTask.FromResult(found);
    }

    /// <param name="snapshot">The view; null for the live one.</param>
    /// <param name="skeleton">What it sees.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    internal async ValueTask<CmsObject?> ReadBackAsync(ImageSnapshot? snapshot, CmsObject skeleton, CancellationToken cancellationToken)
    {
        while (true)
        {
            Interlocked.Increment(ref _misses);
            var read = await FetchForCallerAsync(skeleton.Id, cancellationToken).ConfigureAwait(false);
            if (IsSameVersion(read, skeleton))
                return Restore(skeleton, read!);
            var now = snapshot is null ? Find(skeleton.Id) : snapshot.Find(skeleton.Id);
            if (now is not { IsSkeleton: true })
                return now;
            if (ReferenceEquals(now, skeleton))
                throw NotTheVersion(skeleton, read);
            skeleton = now;
        }
    }

    private static long Text(string text) => (24 + (2L * text.Length) + 7) & ~7L;

    private static long Array(byte[] bytes) => bytes.Length == 0 ? 0 : (24 + (long)bytes.Length + 7) & ~7L;

    private static bool IsSameVersion(CmsObject? read, CmsObject skeleton)
        => read is not null && read.UpdateKey == skeleton.UpdateKey && read.Version == skeleton.Version;

    private static LoggerCmsException NotTheVersion(CmsObject skeleton, CmsObject? read) => new(
        ErrorCodes.DatabaseDamaged,
        $"The system database holds {(read is null ? "no object" : $"version {read.Version} (update key {read.UpdateKey})")} for id {skeleton.Id}, "
        + $"whose version {skeleton.Version} (update key {skeleton.UpdateKey}) was flushed to it: it was changed by someone else.",
        "Stop the node, find out what wrote to its system database, and bring it back with Restore-CmsSide.");

    private Task<CmsObject?> FetchAsync(long id, CancellationToken cancellationToken)
        => _options.FindAsync!(id, cancellationToken);

    // Whoever asks for an object need not know of the database, and is to ask again; what it says is the node's, and the flusher's to find out.
    private async Task<CmsObject?> FetchForCallerAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            return await FetchAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException exception)
        {
            throw new LoggerCmsException(
                ErrorCodes.NodeNotReady,
                $"The properties of object {id} are not in memory, and the system database cannot be read just now.",
                "Try again in a moment; Get-CmsNode shows the state.",
                innerException: exception);
        }
    }

    /// <summary>Gives the version its properties again, in its slot too when it is still there.</summary>
    private CmsObject Restore(CmsObject skeleton, CmsObject read)
    {
        var whole = skeleton.With(read.Properties);
        whole.WasRead = true;
        lock (_gate)
        {
            var current = _table.Find(skeleton.Id);
            if (current is { IsSkeleton: true } && IsSameVersion(current, skeleton))
            {
                CountMemory(current, -1);
                _table.Put(whole);
                CountMemory(whole, 1);

                // One round at most: the second would find what was just read without its mark.
                if (IsOverLimit)
                    DropSome(Math.Min(SweepSlice, _table.Length));
            }
        }

        return whole;
    }

    /// <summary>Whether it has properties in memory that it can do without. Users and groups stay whole: rights and logons go by them at every request.</summary>
    public static bool MayDrop(CmsObject version)
        => !version.IsSkeleton && version.Properties.Length > 0 && version.Kind is not (ObjectKinds.User or ObjectKinds.UserGroup);

    private void CountMemory(CmsObject version, int sign)
    {
        _bytes += sign * SizeOf(version);
        if (version.IsSkeleton)
            _dropped += sign;
    }

    /// <summary>Drops until the limit holds or two whole rounds found no more, in slices, so that a writer waits for one at most.</summary>
    private void Shrink()
    {
        for (var passed = 0L; passed <= 2L * _table.Length; passed += 16 * SweepSlice)
        {
            lock (_gate)
            {
                if (!IsOverLimit)
                    return;
                DropSome(16 * SweepSlice);
            }
        }
    }

    /// <summary>Moves the hand over so many slots at most.</summary>
    private void DropSome(int slots)
    {
        for (; slots > 0 && IsOverLimit; slots--)
        {
            _hand = _hand + 1 < _table.Length ? _hand + 1 : 0;
            if (_table.At(_hand) is not { Version: > 0 } found || !MayDrop(found) || found.UpdateKey > _flushedKey)
                continue;

            if (found.WasRead)
            {
                found.WasRead = false;
                continue;
            }

            var skeleton = found.With(CmsObject.NotInMemory);
            CountMemory(found, -1);
            _table.Put(skeleton);
            CountMemory(skeleton, 1);
        }
    }
}
