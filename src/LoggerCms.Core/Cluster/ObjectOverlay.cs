using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Changes laid over a view that does not have them yet: those of one request while it is planned, and those of all requests that are not yet
/// durable. Its owner holds the write order; nobody else reads it.
/// </summary>
/// <remarks>
/// An entry is needed until the view below has its change. Because a name that was left and taken again is an entry of its own with the later
/// key, forgetting everything up to one update key leaves exactly what the view below lacks.
/// </remarks>
internal sealed class ObjectOverlay(IObjectView below) : IObjectView
{
    private readonly Dictionary<long, (CmsObject? Object, long UpdateKey)> _objects = [];
    private readonly Dictionary<(long ParentId, string Name), (long Id, long UpdateKey)> _names = new(NameComparer.Instance);
    private readonly Dictionary<string, (long Id, long UpdateKey)> _cuids = new(StringComparer.Ordinal);

    public long UpdateKey { get; private set; }

    public bool IsEmpty => _objects.Count == 0;

    public CmsObject? Find(long id) => _objects.TryGetValue(id, out var entry) ? entry.Object : below.Find(id);

    public CmsObject? FindByCuid(string cuid) => _cuids.TryGetValue(cuid, out var entry) ? FindOrNone(entry.Id) : below.FindByCuid(cuid);

    public CmsObject? FindChild(long parentId, string name)
        => _names.TryGetValue((parentId, name), out var entry) ? FindOrNone(entry.Id) : below.FindChild(parentId, name);

    public IEnumerable<CmsObject> Children(long parentId) => Merge(below.Children(parentId), o => o.ParentId == parentId);

    public IEnumerable<CmsObject> OfKind(string kind) => Merge(below.OfKind(kind), o => o.Kind == kind);

    public IEnumerable<CmsObject> All() => Merge(below.All(), _ => true);

    /// <param name="before">The version that this view shows; null for none.</param>
    /// <param name="after">The version to show; null when the object goes.</param>
    /// <param name="updateKey">Of the change.</param>
    public void Set(CmsObject? before, CmsObject? after, long updateKey)
    {
        var id = (before ?? after)!.Id;
        if (before is not null && FindChild(before.ParentId, before.Name)?.Id == id)
            _names[(before.ParentId, before.Name)] = (0, updateKey);
        if (before is not null && after is null)
            _cuids[before.Cuid] = (0, updateKey);
        _objects[id] = (after, updateKey);
        if (after is not null)
        {
            _names[(after.ParentId, after.Name)] = (id, updateKey);
            _cuids[after.Cuid] = (id, updateKey);
        }

        UpdateKey = updateKey;
    }

    /// <summary>Takes all entries of another overlay that lay over this one.</summary>
    public void Add(ObjectOverlay above)
    {
        foreach (var (id, entry) in above._objects)
            _objects[id] = entry;
        foreach (var (name, entry) in above._names)
            _names[name] = entry;
        foreach (var (cuid, entry) in above._cuids)
            _cuids[cuid] = entry;
        UpdateKey = above.UpdateKey;
    }

    /// <summary>Forgets what another overlay brought, where the view below has it: entries up to the key.</summary>
    public void Forget(ObjectOverlay added, long throughKey)
    {
        foreach (var id in added._objects.Keys)
            Forget(_objects, id, throughKey, static e => e.UpdateKey);
        foreach (var name in added._names.Keys)
            Forget(_names, name, throughKey, static e => e.UpdateKey);
        foreach (var cuid in added._cuids.Keys)
            Forget(_cuids, cuid, throughKey, static e => e.UpdateKey);
    }

    /// <summary>Forgets everything: none of it will come.</summary>
    public void Clear()
    {
        _objects.Clear();
        _names.Clear();
        _cuids.Clear();
    }

    private static void Forget<TKey, TEntry>(Dictionary<TKey, TEntry> entries, TKey key, long throughKey, Func<TEntry, long> updateKey)
        where TKey : notnull
    {
        if (entries.TryGetValue(key, out var entry) && updateKey(entry) <= throughKey)
            entries.Remove(key);
    }

    private CmsObject? FindOrNone(long id) => id == 0 ? null : Find(id);

    private IEnumerable<CmsObject> Merge(IEnumerable<CmsObject> shown, Func<CmsObject, bool> belongs)
        => shown.Where(o => !_objects.ContainsKey(o.Id)).Concat(_objects.Values.Where(e => e.Object is not null && belongs(e.Object)).Select(e => e.Object!));

    private sealed class NameComparer : IEqualityComparer<(long ParentId, string Name)>
    {
        public static NameComparer Instance { get; } = new();

        public bool Equals((long ParentId, string Name) x, (long ParentId, string Name) y)
            => x.ParentId == y.ParentId && string.Equals(x.Name, y.Name, StringComparison.OrdinalIgnoreCase);

        public int GetHashCode((long ParentId, string Name) key)
            => HashCode.Combine(key.ParentId, string.GetHashCode(key.Name, StringComparison.OrdinalIgnoreCase));
    }
}
