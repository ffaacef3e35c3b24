using System.Numerics;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// Objects by id: open addressing over one array of references. One writer; readers take no lock and allocate nothing.
/// <para>A reader is right because: a slot changes by one reference write with release, so what is read through it is whole; a key never moves
/// within an array, and an emptied slot becomes a tombstone that probes pass, so a key that is there throughout is found; growing copies to a new
/// array and publishes that with release, after which nobody writes to the old one: who still probes it sees the table as it was when they began.</para>
/// </summary>
internal sealed class ObjectTable
{
    private static readonly CmsObject Tombstone = Marker(long.MinValue, 0);

    private CmsObject?[] _slots = new CmsObject?[16];

    /// <summary>Slots that are not null: objects and tombstones.</summary>
    private int _used;
    private int _count;

    /// <summary>Says that an object was removed at an update key: its version is 0.</summary>
    public static CmsObject Marker(long id, long updateKey) => new()
    {
        Id = id,
        Cuid = "",
        Kind = "",
        ParentId = 0,
        Name = "",
        OwnerId = 0,
        Version = 0,
        UpdateKey = updateKey,
        CreatedUs = 0,
        ModifiedUs = 0,
        Properties = [],
    };

    public CmsObject? Find(long id)
    {
        var slots = Volatile.Read(ref _slots);
        for (var at = Start(id, slots.Length); ; at = (at + 1) & (slots.Length - 1))
        {
            var found = Volatile.Read(ref slots[at]);
            if (found is null || found.Id == id)
                return found;
        }
    }

    public void Put(CmsObject value)
    {
        if ((_used + 1) * 4L > _slots.Length * 3L)
            Grow(_count + 1);
        var free = -1;
        for (var at = Start(value.Id, _slots.Length); ; at = (at + 1) & (_slots.Length - 1))
        {
            var found = _slots[at];
            if (found is not null && found.Id == value.Id)
            {
                Volatile.Write(ref _slots[at], value);
                return;
            }

            if (found is null)
            {
                _used += free < 0 ? 1 : 0;
                _count++;
                Volatile.Write(ref _slots[free < 0 ? at : free], value);
                return;
            }

            if (free < 0 && ReferenceEquals(found, Tombstone))
                free = at;
        }
    }

    public void Remove(long id)
    {
        for (var at = Start(id, _slots.Length); _slots[at] is { } found; at = (at + 1) & (_slots.Length - 1))
        {
            if (found.Id != id)
                continue;
            Volatile.Write(ref _slots[at], Tombstone);
            _count--;
            return;
        }
    }

    /// <summary>Makes room before a load.</summary>
    public void Reserve(int count)
    {
        if (count * 4L > _slots.Length * 3L)
            Grow(count);
    }

    /// <summary>All that is there, removal markers included; each once, and what comes or goes meanwhile or not.</summary>
    public IEnumerable<CmsObject> All()
    {
        var slots = Volatile.Read(ref _slots);
        for (var at = 0; at < slots.Length; at++)
        {
            if (Volatile.Read(ref slots[at]) is { } found && !ReferenceEquals(found, Tombstone))
                yield return found;
        }
    }

    /// <summary>For the writer's sweep: what is at a position, from 0 up to <see cref="Length"/>.</summary>
    public CmsObject? At(int position) => _slots[position] is { } found && !ReferenceEquals(found, Tombstone) ? found : null;

    public int Length => _slots.Length;

    // The highest bits: by those, ids that follow one another, as they are given out, hardly ever meet, and each that they meet is an object to look at.
    private static int Start(long id, int length) => (int)((ulong)id * 0x9E3779B97F4A7C15UL >> (33 + BitOperations.LeadingZeroCount((uint)length)));

    private void Grow(int count)
    {
        // Half full at most after growing; the same size where only tombstones filled it.
        var slots = new CmsObject?[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, checked(count * 3 / 2)))];
        foreach (var value in _slots)
        {
            if (value is null || ReferenceEquals(value, Tombstone))
                continue;
            var at = Start(value.Id, slots.Length);
            while (slots[at] is not null)
                at = (at + 1) & (slots.Length - 1);
            slots[at] = value;
        }

        _used = _count;
        Volatile.Write(ref _slots, slots);
    }
}
