namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// The objects of a system database in memory, as they are now.
/// <para><b>The protocol.</b> There is one writer at a time: <c>_gate</c> is held for one <see cref="Apply"/>, for taking or letting go a snapshot, and
/// for a slice of cleaning up. A change of an object goes in these steps, in this order:</para>
/// <list type="number">
/// <item>The version that is replaced goes into the history, where a snapshot that is there needs it: one whose update key is not below the
/// version's own.</item>
/// <item>The ways by which the new version is found (CUID, name, parent, kind) are added.</item>
/// <item>The slot in the table by id is overwritten: the object's current version changes in this one write, for every reader and every way. An
/// object that goes away while a version of it is in the history leaves a marker with its update key.</item>
/// <item>Ways that lead to no remaining version are taken away: at once, or when the last snapshot that needs the old one has gone.</item>
/// <item>After the last change of a batch its update key is published.</item>
/// </list>
/// <para><b>Why a reader needs no lock.</b> The live view reads the slot and is done: a way that is there too early or too late leads to a version
/// that does not have what was looked for, and the reader passes over it. A snapshot at key S reads the slot: a version not newer than S is the
/// version at S, because all changes up to S were complete when S was taken (5) and later ones have higher keys. A newer one means that the version
/// at S was replaced later, so (1) put it into the history before (3), and the reader who saw (3) sees it. It stays there while S is needed, and so
/// do the ways to it (4). Nothing is ever changed in a version.</para>
/// </summary>
internal sealed partial class RunTimeImage : IOrderedView, IPropertySource
{
    private readonly ObjectTable _table = new();
    private readonly ImageIndexes _indexes = new();
    private readonly VersionHistory _history = new();
    private readonly Lock _gate = new();
    private readonly RunTimeImageOptions _options;
    private long _updateKey;
    private long _objects;

    public RunTimeImage(RunTimeImageOptions? options = null)
    {
        _options = options ?? new RunTimeImageOptions();
        if (_options.MemoryLimitBytes is { } limit && (limit <= 0 || _options.FindAsync is null))
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption,
                $"A memory limit of {limit} bytes needs to be above 0, and a way to read objects back.",
                "Set MemoryLimitBytes to at least 1, or leave it out for no limit.");
        }
    }

    public long UpdateKey => Volatile.Read(ref _updateKey);

    public long Count => Volatile.Read(ref _objects);

    public CmsObject? Find(long id)
    {
        var found = _table.Find(id);
        if (found is null || found.Version == 0)
            return null;
        // Read before written: the line is not fetched for writing by every reader of a busy object.
        if (!found.WasRead)
            found.WasRead = true;
        return found;
    }

    public CmsObject? FindByCuid(string cuid)
    {
        for (var candidates = _indexes.ByCuid(cuid); candidates.Next(out var id);)
        {
            if (Find(id) is { } found && string.Equals(found.Cuid, cuid, StringComparison.Ordinal))
                return found;
        }

        return null;
    }

    public CmsObject? FindChild(long parentId, string name)
    {
        for (var candidates = _indexes.ByName(parentId, name); candidates.Next(out var id);)
        {
            if (Find(id) is { } found && IsChild(found, parentId, name))
                return found;
        }

        return null;
    }

    /// <summary>In ascending order of ids.</summary>
    public IEnumerable<CmsObject> Children(long parentId) => Children(parentId, 0);

    /// <summary>Those whose ids are above one, in ascending order: a page of a large folder begins where the one before ended.</summary>
    public IEnumerable<CmsObject> Children(long parentId, long after)
    {
        foreach (var id in _indexes.ByParent(parentId, after))
        {
            if (_table.Find(id) is { Version: > 0 } found && found.ParentId == parentId)
                yield return found;
        }
    }

    /// <summary>In ascending order of ids.</summary>
    public IEnumerable<CmsObject> OfKind(string kind)
    {
        foreach (var id in _indexes.ByKind(kind))
        {
            if (_table.Find(id) is { Version: > 0 } found && IsKind(found, kind))
                yield return found;
        }
    }

    /// <summary>In no order.</summary>
    public IEnumerable<CmsObject> All()
    {
        foreach (var found in _table.All())
        {
            if (found.Version > 0)
                yield return found;
        }
    }

    public IEnumerable<CmsObject> AllInOrder(long after)
    {
        foreach (var id in _indexes.InOrder(after))
        {
            if (id == after)
                continue;
            after = id;
            if (_table.Find(id) is { Version: > 0 } found)
                yield return found;
        }
    }

    private static bool IsChild(CmsObject found, long parentId, string name)
        => found.ParentId == parentId && string.Equals(found.Name, name, StringComparison.OrdinalIgnoreCase);

    private static bool IsKind(CmsObject found, string kind) => string.Equals(found.Kind, kind, StringComparison.OrdinalIgnoreCase);
}
