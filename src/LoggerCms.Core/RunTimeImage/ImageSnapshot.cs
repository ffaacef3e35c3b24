namespace LoggerCms.Core.RunTimeImage;

/// <summary>All objects as they were at one update key. Disposing it, once no call runs any more, lets the versions go that only it needed.</summary>
internal sealed class ImageSnapshot : IOrderedView, IPropertySource, IDisposable
{
    private readonly RunTimeImage _image;
    private int _disposed;

    internal ImageSnapshot(RunTimeImage image, long updateKey, long count)
    {
        _image = image;
        UpdateKey = updateKey;
        Count = count;
    }

    public long UpdateKey { get; }

    public long Count { get; }

    public CmsObject? Find(long id)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return _image.FindAt(id, UpdateKey);
    }

    public CmsObject? FindByCuid(string cuid)
    {
        for (var candidates = _image.CandidatesByCuid(cuid); candidates.Next(out var id);)
        {
            if (Find(id) is { } found && string.Equals(found.Cuid, cuid, StringComparison.Ordinal))
                return found;
        }

        return null;
    }

    public CmsObject? FindChild(long parentId, string name)
    {
        for (var candidates = _image.CandidatesByName(parentId, name); candidates.Next(out var id);)
        {
            if (Find(id) is { } found && found.ParentId == parentId && string.Equals(found.Name, name, StringComparison.OrdinalIgnoreCase))
                return found;
        }

        return null;
    }

    /// <summary>In ascending order of ids.</summary>
    public IEnumerable<CmsObject> Children(long parentId)
    {
        foreach (var id in _image.IdsByParent(parentId))
        {
            if (Find(id) is { } found && found.ParentId == parentId)
                yield return found;
        }
    }

    /// <summary>In ascending order of ids.</summary>
    public IEnumerable<CmsObject> OfKind(string kind)
    {
        foreach (var id in _image.IdsByKind(kind))
        {
            if (Find(id) is { } found && string.Equals(found.Kind, kind, StringComparison.OrdinalIgnoreCase))
                yield return found;
        }
    }

    /// <summary>In no order.</summary>
    public IEnumerable<CmsObject> All()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
        return _image.TableAt(UpdateKey);
    }

    public IEnumerable<CmsObject> AllInOrder(long after)
    {
        foreach (var id in _image.IdsInOrder(after))
        {
            if (id == after)
                continue;
            after = id;
            if (Find(id) is { } found)
                yield return found;
        }
    }

    public ValueTask<CmsObject?> GetAsync(long id, CancellationToken cancellationToken)
    {
        var found = Find(id);
        return found is { IsSkeleton: true } ? _image.ReadBackAsync(this, found, cancellationToken) : ValueTask.FromResult(found);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _image.Release(UpdateKey);
    }
}
