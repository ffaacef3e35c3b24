namespace LoggerCms.Core.RunTimeImage;

/// <summary>A view whose children and kinds come in ascending order of ids, and that can give all objects so.</summary>
internal interface IOrderedView : IObjectView
{
    /// <summary>All objects with ids above <paramref name="after"/>, ascending.</summary>
    IEnumerable<CmsObject> AllInOrder(long after);
}
