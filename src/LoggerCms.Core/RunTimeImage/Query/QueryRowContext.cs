using LoggerCms.Core.Security;

namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>One object under a query: its columns, and its bag and its children once they are asked for.</summary>
internal sealed class QueryRowContext(IObjectView view, CmsObject one, QueryWork work)
{
    private PropertyBag? _bag;
    private long? _children;

    public IObjectView View { get; } = view;

    public CmsObject Object { get; } = one;

    public QueryWork Work { get; } = work;

    /// <summary>Without what nobody is shown: an order, a condition or the place of a page would tell it as a column does.</summary>
    public PropertyBag Bag => _bag ??= PasswordRecord.Without(Object);

    /// <summary>How many children the caller may see. They are counted once, so that columns and conditions need no steps of their own for it.</summary>
    public long Children => _children ??= CountChildren();

    private long CountChildren()
    {
        var count = 0L;
        foreach (var child in View.Children(Object.Id))
        {
            Work.Look();
            count += Work.MayView(child) ? 1 : 0;
        }

        return count;
    }
}
