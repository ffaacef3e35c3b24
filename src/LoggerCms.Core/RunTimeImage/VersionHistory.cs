using System.Collections.Concurrent;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// Replaced versions that a snapshot still needs, newest first for each object. One writer; readers take no lock: a chain gets a new head or
/// loses its last link, and a reader's own version is never the one that is lost.
/// </summary>
internal sealed class VersionHistory
{
    private readonly ConcurrentDictionary<long, Link> _chains = new();

    public int Count { get; private set; }

    public bool Contains(long id) => _chains.ContainsKey(id);

    public void Push(CmsObject version)
    {
        _chains.TryGetValue(version.Id, out var older);
        _chains[version.Id] = new Link(version, older);
        Count++;
    }

    /// <summary>The newest version kept that is not newer than an update key.</summary>
    public CmsObject? Find(long id, long updateKey)
    {
        _chains.TryGetValue(id, out var link);
        for (; link is not null; link = Volatile.Read(ref link.Older))
        {
            var version = Volatile.Read(ref link.Version);
            if (version.UpdateKey <= updateKey)
                return version;
        }

        return null;
    }

    /// <summary>Lets an object's oldest version go.</summary>
    public void DropOldest(long id)
    {
        if (!_chains.TryGetValue(id, out var link))
            return;
        Count--;
        if (link.Older is null)
        {
            _chains.TryRemove(id, out _);
            return;
        }

        while (link.Older!.Older is not null)
            link = link.Older;
        Volatile.Write(ref link.Older, null);
    }

    /// <summary>Puts a version with its properties in the place of the same one without.</summary>
    public void Replace(CmsObject skeleton, CmsObject whole)
    {
        _chains.TryGetValue(skeleton.Id, out var link);
        for (; link is not null; link = link.Older)
        {
            if (ReferenceEquals(link.Version, skeleton))
                Volatile.Write(ref link.Version, whole);
        }
    }

    public void CopyTo(long id, List<CmsObject> versions)
    {
        _chains.TryGetValue(id, out var link);
        for (; link is not null; link = link.Older)
        {
            if (link.Version.Version > 0)
                versions.Add(link.Version);
        }
    }

    private sealed class Link(CmsObject version, Link? older)
    {
        public CmsObject Version = version;
        public Link? Older = older;
    }
}
