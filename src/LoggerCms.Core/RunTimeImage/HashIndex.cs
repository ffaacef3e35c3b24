using System.Numerics;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// Ids by a 32-bit hash: it gives candidates, which the reader holds against the objects. One writer; readers take no lock, for the reasons of
/// <see cref="ObjectTable"/>: an id is written before the tag that leads to it, and a candidate that is stale fails the reader's check.
/// </summary>
internal sealed class HashIndex
{
    private const uint Empty = 0;
    private const uint Tombstone = 1;

    private Slots _slots = new(16);
    private int _used;
    private int _count;

    /// <summary>Candidates for a hash; a value type that allocates nothing.</summary>
    public Candidates Find(int hash)
    {
        var slots = Volatile.Read(ref _slots);
        var tag = Tag(hash);
        return new Candidates(slots, tag, slots.Start(tag));
    }

    /// <summary>Adds an id where it is not there yet.</summary>
    public void Add(int hash, long id)
    {
        if ((_used + 1) * 4L > _slots.Tags.Length * 3L)
            Grow(_count + 1);
        var tag = Tag(hash);
        var slots = _slots;
        var free = -1;
        var at = slots.Start(tag);
        for (; slots.Tags[at] != Empty; at = slots.Next(at))
        {
            if (slots.Tags[at] == tag && slots.Ids[at] == id)
                return;
            if (free < 0 && slots.Tags[at] == Tombstone)
                free = at;
        }

        _used += free < 0 ? 1 : 0;
        _count++;
        at = free < 0 ? at : free;
        Volatile.Write(ref slots.Ids[at], id);
        Volatile.Write(ref slots.Tags[at], tag);
    }

    public void Remove(int hash, long id)
    {
        var tag = Tag(hash);
        for (var at = _slots.Start(tag); _slots.Tags[at] != Empty; at = _slots.Next(at))
        {
            if (_slots.Tags[at] != tag || _slots.Ids[at] != id)
                continue;
            Volatile.Write(ref _slots.Tags[at], Tombstone);
            _count--;
            return;
        }
    }

    public void Reserve(int count)
    {
        if (count * 4L > _slots.Tags.Length * 3L)
            Grow(count);
    }

    private static uint Tag(int hash) => (uint)hash <= Tombstone ? (uint)hash + 2 : (uint)hash;

    private void Grow(int count)
    {
        var slots = new Slots((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, checked(count * 3 / 2))));
        for (var from = 0; from < _slots.Tags.Length; from++)
        {
            if (_slots.Tags[from] <= Tombstone)
                continue;
            var at = slots.Start(_slots.Tags[from]);
            while (slots.Tags[at] != Empty)
                at = slots.Next(at);
            slots.Tags[at] = _slots.Tags[from];
            slots.Ids[at] = _slots.Ids[from];
        }

        _used = _count;
        Volatile.Write(ref _slots, slots);
    }

    internal sealed class Slots(int length)
    {
        public readonly uint[] Tags = new uint[length];
        public readonly long[] Ids = new long[length];

        public int Start(uint tag) => (int)(tag * 0x9E3779B1u >> 1) & (Tags.Length - 1);

        public int Next(int at) => (at + 1) & (Tags.Length - 1);
    }

    internal struct Candidates(Slots slots, uint tag, int at)
    {
        private int _at = at;

        public bool Next(out long id)
        {
            for (; ; )
            {
                var found = Volatile.Read(ref slots.Tags[_at]);
                id = Volatile.Read(ref slots.Ids[_at]);
                if (found == Empty)
                    return false;
                _at = slots.Next(_at);
                if (found == tag)
                    return true;
            }
        }
    }
}
