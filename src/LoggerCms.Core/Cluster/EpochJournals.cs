using System.Buffers.Binary;
using System.Collections.Concurrent;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Which journal wrote in an epoch, as the database keeps it from the epoch's first flush on, or from where its delta files were brought in. Epoch and
/// node alone do not tell: where the database and the data folder were both put back, the same node comes to the same number once more, and the delta
/// files of the history that was left would pass for what is there. And up to which update key all of an epoch was brought in: the once-only ids of its
/// records are kept for days only, and a copy of the file that comes later must not make again what was removed since. And which records were kept out
/// and told so: until their files have the name that says it, because what they met may be gone by then, and after that as what an epoch that was brought
/// in did not bring.
/// </summary>
/// <remarks>
/// Each is an entry among the answers of requests, under an id of no client and no reconcile, in a form that every release reads as an answer of
/// nobody's to nobody. An epoch of which none is kept is one of an earlier release, or was never flushed.
/// </remarks>
internal sealed class EpochJournals
{
    private const long EpochMask = (1L << 56) - 1;

    // They are kept for good.
    private const int MostKeptOut = 1000;

    // The epoch takes the last seven bytes.
    private static readonly byte[] s_prefix = [0x3f, 0x8a, 0x51, 0xc6, 0x0d, 0x27, 0x8b, 0x94, 0x9e];
    private static readonly byte[] s_broughtPrefix = [0x3f, 0x8a, 0x51, 0xc6, 0x0d, 0x27, 0x8b, 0x94, 0x9f];
    private static readonly byte[] s_keptOutPrefix = [0x3f, 0x8a, 0x51, 0xc6, 0x0d, 0x27, 0x8b, 0x94, 0xa0];
    private static readonly byte[] s_leftPrefix = [0x3f, 0x8a, 0x51, 0xc6, 0x0d, 0x27, 0x8b, 0x94, 0xa1];

    private readonly ConcurrentDictionary<long, Guid> _known = [];
    private readonly ConcurrentDictionary<long, (long Through, long Decided)> _broughtIn = [];
    private readonly ConcurrentDictionary<Guid, LocalKey> _keptOut = [];
    private readonly ConcurrentDictionary<Guid, LocalKey> _left = [];
    private readonly ConcurrentQueue<LocalEntry> _new = new();
    private readonly ConcurrentQueue<LocalKey> _gone = new();

    /// <summary>The journal of an epoch; null where it is not known.</summary>
    public Guid? Of(long epoch) => _known.TryGetValue(epoch, out var journal) ? journal : null;

    /// <summary>From now on it is known, and to be kept.</summary>
    public void Add(long epoch, Guid journal)
    {
        if (!_known.TryAdd(epoch, journal))
            return;
        var (high, low) = Halves(journal);
        _new.Enqueue(Entry(s_prefix, epoch, high, low));
    }

    /// <summary>
    /// Whether a record was brought in from its delta file: it is among those of which all were, and is none that was kept out.
    /// </summary>
    public bool IsBroughtIn(long epoch, long updateKey, Guid onceOnlyId)
        => updateKey <= _broughtIn.GetValueOrDefault(epoch).Through && !_keptOut.ContainsKey(onceOnlyId) && !_left.ContainsKey(onceOnlyId);

    /// <summary>The update key up to which each record of an epoch was brought in or kept out; 0 where none was.</summary>
    public long Decided(long epoch) => _broughtIn.GetValueOrDefault(epoch).Decided;

    /// <summary>From now on it is known, and to be kept with what was brought in.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="decidedKey">The last record that was decided about.</param>
    /// <param name="firstKeptOut">Of the epoch; null for none.</param>
    /// <param name="keptOut">How many were, in this reconcile: of very many the ids are not kept, and what lies behind the first is not known.</param>
    public void AddBroughtIn(long epoch, long decidedKey, long? firstKeptOut, int keptOut)
    {
        var throughKey = keptOut > MostKeptOut && firstKeptOut < decidedKey ? firstKeptOut.Value - 1 : decidedKey;
        var known = _broughtIn.GetValueOrDefault(epoch);
        var now = (Math.Max(throughKey, known.Through), Math.Max(decidedKey, known.Decided));
        if (now == known)
            return;
        _broughtIn[epoch] = now;
        _new.Enqueue(Entry(s_broughtPrefix, epoch, now.Item1, now.Item2));
    }

    /// <summary>Whether the record of this once-only id was kept out, and its file did not get its other name since.</summary>
    public bool IsKeptOut(Guid onceOnlyId) => _keptOut.ContainsKey(onceOnlyId);

    /// <summary>Whether it was, and its file has its other name: nothing is decided about it.</summary>
    public bool IsLeft(Guid onceOnlyId) => _left.ContainsKey(onceOnlyId);

    /// <summary>It was decided, and is to be kept with the next flush.</summary>
    public void AddKeptOut(Guid onceOnlyId) => Add(_keptOut, s_keptOutPrefix, onceOnlyId);

    /// <summary>After that was flushed, and their files have the names that say it.</summary>
    public void Leave(IReadOnlyCollection<Guid> onceOnlyIds)
    {
        foreach (var id in onceOnlyIds)
        {
            if (onceOnlyIds.Count <= MostKeptOut)
                Add(_left, s_leftPrefix, id);
            Forget(_keptOut, id);
        }
    }

    /// <summary>After what was left earlier was brought in and flushed.</summary>
    public void ForgetLeft(IEnumerable<Guid> onceOnlyIds)
    {
        foreach (var id in onceOnlyIds)
            Forget(_left, id);
    }

    /// <summary>Those that the next flush has to remove.</summary>
    public IReadOnlyList<LocalKey> TakeGone()
    {
        List<LocalKey> taken = [];
        while (_gone.TryDequeue(out var key))
            taken.Add(key);
        return taken;
    }

    /// <summary>Those that the next flush has to write.</summary>
    public IReadOnlyList<LocalEntry> TakeNew()
    {
        List<LocalEntry> taken = [];
        while (_new.TryDequeue(out var entry))
            taken.Add(entry);
        return taken;
    }

    /// <returns>Whether it is an entry of this kind.</returns>
    public bool Restore(LocalEntry entry)
    {
        Span<byte> id = stackalloc byte[16];
        entry.Key.Id.TryWriteBytes(id, bigEndian: true, out _);
        if (!id.StartsWith(s_prefix.AsSpan(0, s_prefix.Length - 1)))
            return false;
        var epoch = BinaryPrimitives.ReadInt64BigEndian(id[8..]) & EpochMask;
        var kept = RequestLedger.Decode(entry);
        if (id.StartsWith(s_prefix))
            _known[epoch] = Whole(kept);
        else if (id.StartsWith(s_broughtPrefix))
            _broughtIn[epoch] = (kept.PrincipalId, kept.Fingerprint);
        else if (id.StartsWith(s_keptOutPrefix))
            _keptOut[Whole(kept)] = entry.Key;
        else if (id.StartsWith(s_leftPrefix))
            _left[Whole(kept)] = entry.Key;
        else
            return false;
        return true;

        static Guid Whole(RequestLedger.Answer kept)
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteInt64BigEndian(bytes, kept.PrincipalId);
            BinaryPrimitives.WriteInt64BigEndian(bytes[8..], kept.Fingerprint);
            return new Guid(bytes, bigEndian: true);
        }
    }

    private void Add(ConcurrentDictionary<Guid, LocalKey> known, byte[] prefix, Guid onceOnlyId)
    {
        var (high, low) = Halves(onceOnlyId);
        var entry = Entry(prefix, low, high, low);
        if (known.TryAdd(onceOnlyId, entry.Key))
            _new.Enqueue(entry);
    }

    private void Forget(ConcurrentDictionary<Guid, LocalKey> known, Guid onceOnlyId)
    {
        if (known.TryRemove(onceOnlyId, out var key))
            _gone.Enqueue(key);
    }

    private static (long High, long Low) Halves(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return (BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[8..]));
    }

    private static LocalEntry Entry(ReadOnlySpan<byte> prefix, long epoch, long first, long second)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id[8..], epoch);
        prefix.CopyTo(id);
        return RequestLedger.Encode(new RequestLedger.Answer(new Guid(id, bigEndian: true), first, second, [], long.MaxValue, Task.CompletedTask));
    }
}
