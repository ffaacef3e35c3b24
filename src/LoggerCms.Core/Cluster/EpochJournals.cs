using System.Buffers.Binary;
using System.Collections.Concurrent;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Which journal wrote in an epoch, as the database keeps it from the epoch's first flush on, or from where its delta files were brought in. Epoch and
/// node alone do not tell: where the database and the data folder were both put back, the same node comes to the same number once more, and the delta
/// files of the history that was left would pass for what is there.
/// </summary>
/// <remarks>
/// Each is an entry among the answers of requests, under an id of no client and no reconcile, in a form that every release reads as an answer of
/// nobody's to nobody. An epoch of which none is kept is one of an earlier release, or was never flushed.
/// </remarks>
internal sealed class EpochJournals
{
    private const long EpochMask = (1L << 56) - 1;

    // The epoch takes the last seven bytes.
    private static readonly byte[] s_prefix = [0x3f, 0x8a, 0x51, 0xc6, 0x0d, 0x27, 0x8b, 0x94, 0x9e];

    private readonly ConcurrentDictionary<long, Guid> _known = [];
    private readonly ConcurrentQueue<LocalEntry> _new = new();

    /// <summary>The journal of an epoch; null where it is not known.</summary>
    public Guid? Of(long epoch) => _known.TryGetValue(epoch, out var journal) ? journal : null;

    /// <summary>From now on it is known, and to be kept.</summary>
    public void Add(long epoch, Guid journal)
    {
        if (_known.TryAdd(epoch, journal))
            _new.Enqueue(Entry(epoch, journal));
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
        if (!id.StartsWith(s_prefix))
            return false;
        var kept = RequestLedger.Decode(entry);
        Span<byte> journal = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(journal, kept.PrincipalId);
        BinaryPrimitives.WriteInt64BigEndian(journal[8..], kept.Fingerprint);
        _known[BinaryPrimitives.ReadInt64BigEndian(id[8..]) & EpochMask] = new Guid(journal, bigEndian: true);
        return true;
    }

    private static LocalEntry Entry(long epoch, Guid journal)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id[8..], epoch);
        s_prefix.CopyTo(id);
        Span<byte> bytes = stackalloc byte[16];
        journal.TryWriteBytes(bytes, bigEndian: true, out _);
        return RequestLedger.Encode(new RequestLedger.Answer(
            new Guid(id, bigEndian: true),
            BinaryPrimitives.ReadInt64BigEndian(bytes),
            BinaryPrimitives.ReadInt64BigEndian(bytes[8..]),
            [],
            long.MaxValue,
            Task.CompletedTask));
    }
}
