using System.Collections.Concurrent;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// The ways to ids other than the id. An index may lead to too much (a version that a snapshot still needs, a change that is being made), never
/// to too little: every reader holds what it finds against the object as its own view has it.
/// </summary>
internal sealed class ImageIndexes
{
    private readonly HashIndex _cuids = new();
    private readonly HashIndex _names = new();
    private readonly ConcurrentDictionary<long, IdSet> _children = new();
    private readonly ConcurrentDictionary<string, KindIds> _kinds = new(StringComparer.OrdinalIgnoreCase);

    public HashIndex.Candidates ByCuid(string cuid) => _cuids.Find(CuidHash(cuid));

    public HashIndex.Candidates ByName(long parentId, string name) => _names.Find(NameHash(parentId, name));

    public IEnumerable<long> ByParent(long parentId, long after = 0) => _children.TryGetValue(parentId, out var ids) ? ids.Above(after) : [];

    public IEnumerable<long> ByKind(string kind, long after = 0) => _kinds.TryGetValue(kind, out var ids) ? ids.Ids.Above(after) : [];

    /// <summary>All ids above one, ascending: the kinds' lists merged. An object whose kind changes meanwhile may come twice in a row.</summary>
    public IEnumerable<long> InOrder(long after)
    {
        var heads = new PriorityQueue<IEnumerator<long>, long>();
        foreach (var kind in _kinds.Values)
        {
            var ids = kind.Ids.Above(after).GetEnumerator();
            if (ids.MoveNext())
                heads.Enqueue(ids, ids.Current);
        }

        while (heads.TryPeek(out var ids, out var id))
        {
            yield return id;
            if (ids.MoveNext())
                heads.DequeueEnqueue(ids, ids.Current);
            else
                heads.Dequeue();
        }
    }

    public IReadOnlyDictionary<string, long> CountByKind()
        => _kinds.Where(static kind => Volatile.Read(ref kind.Value.Live) > 0)
            .ToDictionary(static kind => kind.Key, static kind => Volatile.Read(ref kind.Value.Live), StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds the ways to a version where they are not there yet.</summary>
    /// <param name="version">The version to be found.</param>
    /// <param name="old">The version before it, whose ways are there; null for a new object.</param>
    public void Add(CmsObject version, CmsObject? old)
    {
        if (old is null || !SameCuid(version, old))
            _cuids.Add(CuidHash(version.Cuid), version.Id);
        if (old is null || !SameName(version, old))
            _names.Add(NameHash(version.ParentId, version.Name), version.Id);
        if (old is null || version.ParentId != old.ParentId)
            Set(_children, version.ParentId).Add(version.Id);
        if (old is null || !SameKind(version, old))
            OfKind(version.Kind).Ids.Add(version.Id);
    }

    /// <summary>Takes away the ways to a version that lead to none of those that remain of its object.</summary>
    public void Remove(CmsObject version, ReadOnlySpan<CmsObject> remaining)
    {
        bool cuid = false, name = false, parent = false, kind = false;
        foreach (var other in remaining)
        {
            cuid |= SameCuid(version, other);
            name |= SameName(version, other);
            parent |= version.ParentId == other.ParentId;
            kind |= SameKind(version, other);
        }

        if (!cuid)
            _cuids.Remove(CuidHash(version.Cuid), version.Id);
        if (!name)
            _names.Remove(NameHash(version.ParentId, version.Name), version.Id);
        if (!kind && _kinds.TryGetValue(version.Kind, out var ofKind))
            ofKind.Ids.Remove(version.Id);
        if (parent || !_children.TryGetValue(version.ParentId, out var children))
            return;
        children.Remove(version.Id);
        if (children.Count == 0)
            _children.TryRemove(version.ParentId, out _);
    }

    /// <summary>Keeps the number of live objects of a kind.</summary>
    public void CountKind(string kind, int change) => Interlocked.Add(ref OfKind(kind).Live, change);

    /// <summary>Fills all indexes from objects in ascending order of ids, on as many threads as there are indexes. Nobody reads yet.</summary>
    public void Load(IReadOnlyList<CmsObject> sorted) => Parallel.Invoke(
        () =>
        {
            _cuids.Reserve(sorted.Count);
            foreach (var one in sorted)
                _cuids.Add(CuidHash(one.Cuid), one.Id);
        },
        () =>
        {
            _names.Reserve(sorted.Count);
            foreach (var one in sorted)
                _names.Add(NameHash(one.ParentId, one.Name), one.Id);
        },
        () =>
        {
            var (parentId, ids) = (long.MinValue, new IdSet());
            foreach (var one in sorted)
            {
                if (one.ParentId != parentId)
                    (parentId, ids) = (one.ParentId, Set(_children, one.ParentId));
                ids.Add(one.Id);
            }
        },
        () =>
        {
            foreach (var one in sorted)
            {
                var ids = OfKind(one.Kind);
                ids.Ids.Add(one.Id);
                ids.Live++;
            }
        });

    private static bool SameCuid(CmsObject a, CmsObject b) => string.Equals(a.Cuid, b.Cuid, StringComparison.Ordinal);

    private static bool SameName(CmsObject a, CmsObject b)
        => a.ParentId == b.ParentId && string.Equals(a.Name, b.Name, StringComparison.OrdinalIgnoreCase);

    private static bool SameKind(CmsObject a, CmsObject b) => string.Equals(a.Kind, b.Kind, StringComparison.OrdinalIgnoreCase);

    /// <summary>The runtime's own string hash is seeded for each process: names from outside cannot be chosen to collide.</summary>
    private static int CuidHash(string cuid) => cuid.GetHashCode();

    private static int NameHash(long parentId, string name)
        => name.GetHashCode(StringComparison.OrdinalIgnoreCase) ^ (int)((ulong)parentId * 0x9E3779B97F4A7C15UL >> 32);

    private static IdSet Set(ConcurrentDictionary<long, IdSet> sets, long key)
        => sets.TryGetValue(key, out var ids) ? ids : sets.GetOrAdd(key, static _ => new IdSet());

    private KindIds OfKind(string kind)
        => _kinds.TryGetValue(kind, out var ids) ? ids : _kinds.GetOrAdd(kind, static _ => new KindIds());

    private sealed class KindIds
    {
        public long Live;

        public IdSet Ids { get; } = new();
    }
}
