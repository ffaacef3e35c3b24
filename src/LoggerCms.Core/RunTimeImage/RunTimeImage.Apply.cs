using System.Runtime.InteropServices;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>The writer's half.</summary>
internal sealed partial class RunTimeImage
{
    /// <summary>Versions replaced while a snapshot needed them, with the update key that replaced them, in the order of the changes.</summary>
    private readonly Queue<(long ReplacedAt, CmsObject Version)> _retired = new();
    private readonly List<CmsObject> _remaining = [];

    /// <summary>
    /// Makes changes visible, in their order. The caller holds the write order and has validated them: this checks only that update keys do not
    /// go back. A snapshot sees the whole batch or nothing of it; <see cref="UpdateKey"/> moves after the last.
    /// </summary>
    /// <param name="changes">Update keys above the published one, not descending.</param>
    public void Apply(ReadOnlySpan<ObjectChange> changes)
    {
        if (changes.IsEmpty)
            return;
        lock (_gate)
        {
            CheckKeys(changes);
            foreach (var change in changes)
                Replace(change);
            Volatile.Write(ref _updateKey, changes[^1].UpdateKey);
            Sweep(64 + (2 * changes.Length));
            if (IsOverLimit)
                DropSome(SweepSlice);
        }
    }

    /// <summary>Publishes a change that touched no object.</summary>
    public void Advance(long updateKey)
    {
        lock (_gate)
        {
            if (updateKey > _updateKey)
                Volatile.Write(ref _updateKey, updateKey);
        }
    }

    private void CheckKeys(ReadOnlySpan<ObjectChange> changes)
    {
        var last = _updateKey + 1;
        foreach (var change in changes)
        {
            if (change.UpdateKey < last || (change.Object is { } version && (version.UpdateKey != change.UpdateKey || version.Id != change.Id || version.Version <= 0)))
            {
                throw new ArgumentException(
                    $"The change of object {change.Id} has update key {change.UpdateKey} after {last}, or not that of its version.", nameof(changes));
            }

            last = change.UpdateKey;
        }
    }

    private void Replace(ObjectChange change)
    {
        var old = _table.Find(change.Id);
        if (old is null && change.Object is null)
            return;
        var live = old is { Version: > 0 } ? old : null;
        var kept = old is not null && _newestSnapshot >= old.UpdateKey;
        if (kept)
        {
            _history.Push(old!);
            _retired.Enqueue((change.UpdateKey, old!));
        }

        if (change.Object is { } version)
        {
            _indexes.Add(version, live);
            _table.Put(version);
        }
        else if (_history.Contains(change.Id))
        {
            _table.Put(ObjectTable.Marker(change.Id, change.UpdateKey));
        }
        else
        {
            _table.Remove(change.Id);
        }

        CountObject(live, change.Object);
        if (!kept && old is not null)
            Retire(old);
    }

    private void CountObject(CmsObject? old, CmsObject? version)
    {
        if (old is not null)
        {
            _indexes.CountKind(old.Kind, -1);
            CountMemory(old, -1);
        }

        if (version is not null)
        {
            _indexes.CountKind(version.Kind, 1);
            CountMemory(version, 1);
        }

        _objects += (version is null ? 0 : 1) - (old is null ? 0 : 1);
    }

    /// <summary>Takes away the ways that led to a version that nobody can see any more, and the marker that it may have left.</summary>
    private void Retire(CmsObject version)
    {
        _remaining.Clear();
        var current = _table.Find(version.Id);
        if (current is { Version: > 0 })
            _remaining.Add(current);
        _history.CopyTo(version.Id, _remaining);
        if (version.Version > 0)
            _indexes.Remove(version, CollectionsMarshal.AsSpan(_remaining));
        if (current is { Version: 0 } && !_history.Contains(version.Id))
            _table.Remove(version.Id);
    }

    /// <summary>Lets versions go that no snapshot needs any more, oldest first.</summary>
    /// <returns>Whether there may be more.</returns>
    private bool Sweep(int most)
    {
        while (_retired.TryPeek(out var oldest) && (_newestSnapshot < 0 || oldest.ReplacedAt <= _oldestSnapshot))
        {
            if (most-- == 0)
                return true;
            _retired.Dequeue();
            _history.DropOldest(oldest.Version.Id);
            Retire(oldest.Version);
        }

        return false;
    }
}
