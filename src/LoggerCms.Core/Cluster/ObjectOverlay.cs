using System.Runtime.InteropServices;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// Changes laid over a view that does not have them yet: those of all requests that are not yet durable, and on top those of the one that is being
/// planned. Its owner holds the write order; nobody else reads it.
/// </summary>
/// <remarks>
/// <para>
/// An entry is needed until the view below has its change. Names and CUIDs have entries only where a change moved them; a name without one leads to
/// the object that the view below finds by it, in the version that is shown here. Because a name that was left and taken again is an entry with the
/// later key, forgetting everything up to one update key leaves exactly what the view below lacks.
/// </para>
/// <para>What is set can be taken back (<see cref="RollBack"/>) until it is kept.</para>
/// </remarks>
internal sealed class ObjectOverlay(IObjectView below) : IObjectView
{
    // A list of children in looks at an object: to begin it, and for each that it gives; of entries here, many are held against the folder at once.
    private const int LooksOfList = 16;
    private const int LooksOfChild = 4;
    private const int EntriesOfLook = 8;

    private readonly ObjectEntries _objects = new();
    private readonly Dictionary<(long ParentId, string Name), Lead> _names = new(NameComparer.Instance);
    private readonly Dictionary<string, Lead> _cuids = new(StringComparer.Ordinal);
    private readonly List<Step> _steps = [];
    private readonly Queue<Mark> _kept = new();
    private long _keptKey;

    public long UpdateKey { get; private set; }

    /// <summary>Gives versions of the view below that lack their properties those that were read back for the plan under way; null for none.</summary>
    public WholeVersions? Whole { get; set; }

    /// <summary>Counts what the plan under way looks at; null for one that is not bounded.</summary>
    public PlanWork? Work { get; set; }

    public bool IsEmpty => _objects.All.Count == 0 && _names.Count == 0 && _cuids.Count == 0;

    public CmsObject? Find(long id)
    {
        var found = _objects.All.TryGetValue(id, out var entry) ? entry.Object : WholeOf(below.Find(id));
        Work?.Look(found);
        return found;
    }

    public CmsObject? FindByCuid(string cuid) => Follow(_cuids.TryGetValue(cuid, out var lead) ? lead.Id : below.FindByCuid(cuid)?.Id);

    public CmsObject? FindChild(long parentId, string name)
        => Follow(_names.TryGetValue((parentId, name), out var lead) ? lead.Id : below.FindChild(parentId, name)?.Id);

    public IEnumerable<CmsObject> Children(long parentId) => Merge(below.Children(parentId), _objects.HasChildren(parentId) ? o => o.ParentId == parentId : null);

    public IEnumerable<CmsObject> OfKind(string kind) => Merge(below.OfKind(kind), o => o.Kind == kind);

    public IEnumerable<CmsObject> All() => Merge(below.All(), _ => true);

    /// <param name="before">The version that this view shows; null for none.</param>
    /// <param name="after">The version to show; null when the object goes.</param>
    /// <param name="updateKey">Of the change, above that of every one before.</param>
    public void Set(CmsObject? before, CmsObject? after, long updateKey)
    {
        var id = (before ?? after)!.Id;
        var staysNamed = before is not null && after is not null && NameComparer.Instance.Equals((before.ParentId, before.Name), (after.ParentId, after.Name));
        if (before is not null && !staysNamed && FindChild(before.ParentId, before.Name)?.Id == id)
            SetName(before, new Lead(0, updateKey));
        if (before is not null && after?.Cuid != before.Cuid && FindByCuid(before.Cuid)?.Id == id)
            SetCuid(before.Cuid, new Lead(0, updateKey));
        var had = _objects.Set(id, new ObjectEntry(after, updateKey), out var entry);
        _steps.Add(new Step(new Mark(updateKey, id, null), had, entry, default));
        if (after is not null && !staysNamed)
            SetName(after, new Lead(id, updateKey));
        if (after is not null && after.Cuid != before?.Cuid)
            SetCuid(after.Cuid, new Lead(id, updateKey));
        UpdateKey = updateKey;
    }

    /// <summary>What was set stays.</summary>
    public void Keep()
    {
        foreach (var step in _steps)
            _kept.Enqueue(step.Mark);
        _steps.Clear();
        _keptKey = UpdateKey;
    }

    /// <summary>Takes back what was set since the last <see cref="Keep"/>.</summary>
    public void RollBack()
    {
        for (var i = _steps.Count - 1; i >= 0; i--)
        {
            var (mark, had, entry, lead) = _steps[i];
            if (mark.Name is not { } name)
                _objects.Restore(mark.Id, had, entry);
            else if (mark.IsCuid)
                Restore(_cuids, name, had, lead);
            else
                Restore(_names, (mark.Id, name), had, lead);
        }

        _steps.Clear();
        UpdateKey = _keptKey;
    }

    /// <summary>Forgets what was kept up to the key: the view below has it.</summary>
    public void Forget(long throughKey)
    {
        while (_kept.TryPeek(out var mark) && mark.UpdateKey <= throughKey)
        {
            _kept.Dequeue();
            if (mark.Name is not { } name)
                _objects.Forget(mark.Id, throughKey);
            else if (mark.IsCuid)
                Forget(_cuids, name, throughKey);
            else
                Forget(_names, (mark.Id, name), throughKey);
        }
    }

    /// <summary>Forgets everything: none of it will come.</summary>
    public void Clear()
    {
        _objects.Clear();
        _names.Clear();
        _cuids.Clear();
        _kept.Clear();
    }

    private static void Forget<TKey>(Dictionary<TKey, Lead> entries, TKey key, long throughKey)
        where TKey : notnull
    {
        if (entries.TryGetValue(key, out var entry) && entry.UpdateKey <= throughKey)
            entries.Remove(key);
    }

    private static void Restore<TKey>(Dictionary<TKey, Lead> entries, TKey key, bool had, Lead entry)
        where TKey : notnull
    {
        if (had)
            entries[key] = entry;
        else
            entries.Remove(key);
    }

    private void SetName(CmsObject of, Lead lead)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_names, (of.ParentId, of.Name), out var had);
        _steps.Add(new Step(new Mark(lead.UpdateKey, of.ParentId, of.Name), had, default, entry));
        entry = lead;
    }

    private void SetCuid(string cuid, Lead lead)
    {
        ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_cuids, cuid, out var had);
        _steps.Add(new Step(new Mark(lead.UpdateKey, 0, cuid, IsCuid: true), had, default, entry));
        entry = lead;
    }

    private CmsObject? WholeOf(CmsObject? found) => found is null || Whole is null ? found : Whole.Of(found);

    private CmsObject? Follow(long? id) => id is null or 0 ? null : Find(id.Value);

    /// <param name="shown">By the view below.</param>
    /// <param name="belongs">Which of the entries here do; null where none does.</param>
    private IEnumerable<CmsObject> Merge(IEnumerable<CmsObject> shown, Func<CmsObject, bool>? belongs)
    {
        Work?.Spend(LooksOfList + (belongs is null ? 0 : _objects.All.Count / EntriesOfLook));
        foreach (var one in shown)
        {
            Work?.Spend(LooksOfChild);
            if (!_objects.All.ContainsKey(one.Id))
                yield return one;
        }

        if (belongs is null)
            yield break;
        foreach (var (_, (one, _)) in _objects.All)
        {
            if (one is not null && belongs(one))
                yield return one;
        }
    }

    /// <param name="Object">Null where it is gone.</param>
    /// <param name="UpdateKey">Of the change.</param>
    private readonly record struct ObjectEntry(CmsObject? Object, long UpdateKey);

    /// <summary>The entries by id, and how many of those that show an object lie in each folder: most lists are of leaves, which have none.</summary>
    private sealed class ObjectEntries
    {
        private readonly Dictionary<long, int> _children = [];

        public Dictionary<long, ObjectEntry> All { get; } = [];

        public bool HasChildren(long parentId) => _children.ContainsKey(parentId);

        /// <returns>False where there was none before.</returns>
        public bool Set(long id, ObjectEntry after, out ObjectEntry before)
        {
            ref var entry = ref CollectionsMarshal.GetValueRefOrAddDefault(All, id, out var had);
            before = entry;
            entry = after;
            if (before.Object?.ParentId != after.Object?.ParentId)
            {
                Count(before.Object, -1);
                Count(after.Object, 1);
            }

            return had;
        }

        public void Restore(long id, bool had, ObjectEntry entry)
        {
            if (had)
                Set(id, entry, out _);
            else
                Remove(id);
        }

        public void Forget(long id, long throughKey)
        {
            if (All.TryGetValue(id, out var entry) && entry.UpdateKey <= throughKey)
                Remove(id);
        }

        public void Clear()
        {
            All.Clear();
            _children.Clear();
        }

        private void Remove(long id)
        {
            All.Remove(id, out var before);
            Count(before.Object, -1);
        }

        private void Count(CmsObject? child, int by)
        {
            if (child is null)
                return;
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_children, child.ParentId, out _);
            count += by;
            if (count == 0)
                _children.Remove(child.ParentId);
        }
    }

    /// <param name="Id">0 leads to none.</param>
    /// <param name="UpdateKey">Of the change.</param>
    private readonly record struct Lead(long Id, long UpdateKey);

    /// <summary>Which entry a change set: that of an object, where there is no name; that of a CUID; or that of a name in the folder with the id.</summary>
    private readonly record struct Mark(long UpdateKey, long Id, string? Name, bool IsCuid = false);

    /// <summary>What was set, and what was there before.</summary>
    private readonly record struct Step(Mark Mark, bool Had, ObjectEntry Entry, Lead Lead);

    private sealed class NameComparer : IEqualityComparer<(long ParentId, string Name)>
    {
        public static NameComparer Instance { get; } = new();

        public bool Equals((long ParentId, string Name) x, (long ParentId, string Name) y)
            => x.ParentId == y.ParentId && string.Equals(x.Name, y.Name, StringComparison.OrdinalIgnoreCase);

        public int GetHashCode((long ParentId, string Name) key)
            => HashCode.Combine(key.ParentId, string.GetHashCode(key.Name, StringComparison.OrdinalIgnoreCase));
    }
}
