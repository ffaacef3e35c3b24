namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>One object under a query: its columns, and its bag once one is asked for.</summary>
internal sealed class QueryRowContext(IObjectView view, CmsObject one, QueryWork work)
{
    private PropertyBag? _bag;

    public IObjectView View { get; } = view;

    public CmsObject Object { get; } = one;

    public QueryWork Work { get; } = work;

    public PropertyBag Bag => _bag ??= PropertyBag.Over(Object.Properties);
}
