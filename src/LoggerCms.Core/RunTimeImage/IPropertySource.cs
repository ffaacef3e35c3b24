namespace LoggerCms.Core.RunTimeImage;

/// <summary>A view that can bring properties back that are not in memory.</summary>
internal interface IPropertySource
{
    /// <summary>
    /// The object as the view sees it, with its properties: those of exactly that version, read from the system database where they were
    /// dropped. The database's failures come through.
    /// </summary>
    ValueTask<CmsObject?> GetAsync(long id, CancellationToken cancellationToken);
}
