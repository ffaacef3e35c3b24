namespace LoggerCms.Core.RunTimeImage;

/// <summary>Objects as they are now, or as they were at one update key. Safe for any number of callers; no call takes a lock that a writer takes.</summary>
internal interface IObjectView
{
    /// <summary>All changes up to here are seen.</summary>
    long UpdateKey { get; }

    CmsObject? Find(long id);

    CmsObject? FindByCuid(string cuid);

    /// <summary>By name, whatever the case.</summary>
    CmsObject? FindChild(long parentId, string name);

    IEnumerable<CmsObject> Children(long parentId);

    IEnumerable<CmsObject> OfKind(string kind);

    IEnumerable<CmsObject> All();
}
