namespace LoggerCms.Core.RunTimeImage;

/// <summary>Snapshots: taken and let go in constant time under the gate; what they kept goes in slices, so that a writer waits for one slice at most.</summary>
internal sealed partial class RunTimeImage
{
    private const int SweepSlice = 256;

    /// <summary>Update keys of the snapshots that are there, ascending, because a later one never has a lower key.</summary>
    private readonly List<long> _snapshots = [];
    private long _newestSnapshot = -1;
    private long _oldestSnapshot = -1;

    /// <summary>All objects as they are at the update key published last. Writers go on. To be disposed: until then replaced versions are kept.</summary>
    public ImageSnapshot TakeSnapshot()
    {
        lock (_gate)
        {
            _snapshots.Add(_updateKey);
            SetSnapshotRange();
            return new ImageSnapshot(this, _updateKey, _objects);
        }
    }

    internal void Release(long updateKey)
    {
        lock (_gate)
        {
            _snapshots.Remove(updateKey);
            SetSnapshotRange();
        }

        for (var more = true; more;)
        {
            lock (_gate)
                more = Sweep(SweepSlice);
        }
    }

    /// <summary>The version at an update key for which a snapshot is held.</summary>
    internal CmsObject? FindAt(long id, long updateKey)
    {
        var found = _table.Find(id);
        if (found is null)
            return null;
        if (found.UpdateKey > updateKey)
            found = _history.Find(id, updateKey);
        return found is { Version: > 0 } ? found : null;
    }

    internal HashIndex.Candidates CandidatesByCuid(string cuid) => _indexes.ByCuid(cuid);

    internal HashIndex.Candidates CandidatesByName(long parentId, string name) => _indexes.ByName(parentId, name);

    internal IEnumerable<long> IdsByParent(long parentId) => _indexes.ByParent(parentId);

    internal IEnumerable<long> IdsByKind(string kind) => _indexes.ByKind(kind);

    internal IEnumerable<long> IdsInOrder(long after) => _indexes.InOrder(after);

    internal IEnumerable<CmsObject> TableAt(long updateKey)
    {
        foreach (var current in _table.All())
        {
            var found = current.UpdateKey > updateKey ? _history.Find(current.Id, updateKey) : current;
            if (found is { Version: > 0 })
                yield return found;
        }
    }

    private void SetSnapshotRange()
    {
        _oldestSnapshot = _snapshots.Count == 0 ? -1 : _snapshots[0];
        _newestSnapshot = _snapshots.Count == 0 ? -1 : _snapshots[^1];
    }
}
