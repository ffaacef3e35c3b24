using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// What is durable in delta files and not yet in the system database: each object once, as it is after its last change. What the database has and
/// others were not told of yet still counts: its delta files stay, and so do the records in memory. Safe for several callers at once.
/// </summary>
/// <param name="startKey">The end of the keys that the epoch began above.</param>
internal sealed class UnflushedChanges(long startKey)
{
    private readonly Lock _lock = new();
    private Gathered _gathered = new() { LastUpdateKey = startKey };
    private Gathered? _inFlight;
    private long _untoldBytes;

    /// <summary>The last change that the database is known to have. A batch that does not go beyond it removes expired entries and no more.</summary>
    public long CommittedKey { get; private set; } = startKey;

    /// <summary>About how much memory and delta file they hold.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _gathered.Bytes + (_inFlight?.Bytes ?? 0) + _untoldBytes;
        }
    }

    public int Count
    {
        get
        {
            lock (_lock)
                return _gathered.Count + (_inFlight?.Count ?? 0);
        }
    }

    /// <param name="changes">Of one record.</param>
    /// <param name="answer">What its client may ask for again; null for none.</param>
    /// <param name="bytes">The record's size.</param>
    public void Add(ReadOnlySpan<Change> changes, LocalEntry? answer, int bytes)
    {
        lock (_lock)
        {
            foreach (var change in changes)
                _gathered.Add(change);
            if (answer is not null)
                _gathered.Local[answer.Key] = answer;
            _gathered.Bytes += bytes;
        }
    }

    /// <summary>Adds the removal of entries that have expired, and what the node keeps for itself.</summary>
    public void AddOwn(IReadOnlyList<LocalKey> expired, IReadOnlyList<LocalEntry> kept)
    {
        lock (_lock)
        {
            foreach (var key in expired)
                _gathered.Local[key] = null;
            foreach (var entry in kept)
                _gathered.Local[entry.Key] = entry;
        }
    }

    /// <summary>Takes all that is gathered for one flush; null where there is nothing. Only one flush at a time.</summary>
    public FlushBatch? Take(long epoch)
    {
        lock (_lock)
        {
            if (_inFlight is not null)
                throw new InvalidOperationException("A flush is under way.");
            if (_gathered.Count == 0)
                return null;
            _inFlight = _gathered;
            _gathered = new Gathered { LastUpdateKey = _inFlight.LastUpdateKey };
            return _inFlight.ToBatch(epoch);
        }
    }

    /// <summary>The flush was committed.</summary>
    public void Committed()
    {
        lock (_lock)
        {
            var committed = _inFlight ?? throw new InvalidOperationException("No flush is under way.");
            _untoldBytes += committed.Bytes;
            CommittedKey = committed.LastUpdateKey;
            _inFlight = null;
        }
    }

    /// <summary>All that was committed was told of.</summary>
    public void Told()
    {
        lock (_lock)
            _untoldBytes = 0;
    }

    /// <summary>The flush was not committed, or nobody knows: its changes go into the next, below what came in the meantime.</summary>
    public void Failed()
    {
        lock (_lock)
        {
            var later = _gathered;
            _gathered = _inFlight ?? throw new InvalidOperationException("No flush is under way.");
            _inFlight = null;
            _gathered.Add(later);
        }
    }

    private sealed class Gathered
    {
        public Dictionary<long, CmsObject?> Objects { get; } = [];

        public Dictionary<LocalKey, LocalEntry?> Local { get; } = [];

        public long LastUpdateKey { get; set; }

        public long Bytes { get; set; }

        public int Count => Objects.Count + Local.Count;

        public void Add(Change change)
        {
            switch (change)
            {
                case PutChange put:
                    Objects[put.Object.Id] = put.Object;
                    break;
                case RemoveChange remove:
                    Objects[remove.Id] = null;
                    break;
                case PutLocalChange local:
                    Local[local.Entry.Key] = local.Entry;
                    break;
                case RemoveLocalChange local:
                    Local[local.Key] = null;
                    break;
            }

            LastUpdateKey = change.UpdateKey;
        }

        public void Add(Gathered later)
        {
            foreach (var (id, value) in later.Objects)
                Objects[id] = value;
            foreach (var (key, value) in later.Local)
                Local[key] = value;
            LastUpdateKey = Math.Max(LastUpdateKey, later.LastUpdateKey);
            Bytes += later.Bytes;
        }

        public FlushBatch ToBatch(long epoch) => new()
        {
            Epoch = epoch,
            LastUpdateKey = LastUpdateKey,
            Put = [.. Objects.Values.OfType<CmsObject>()],
            Remove = [.. Objects.Where(o => o.Value is null).Select(o => o.Key)],
            Bytes = Bytes,
            PutLocal = [.. Local.Values.OfType<LocalEntry>()],
            RemoveLocal = [.. Local.Where(l => l.Value is null).Select(l => l.Key)],
        };
    }
}
