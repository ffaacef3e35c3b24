namespace LoggerCms.Core.RunTimeImage.Query;

/// <param name="Columns">Null for <c>*</c>.</param>
/// <param name="Tables">Where to look.</param>
/// <param name="Where">Null for all.</param>
/// <param name="OrderBy">Empty: by id.</param>
/// <param name="Top">At most so many rows, over all pages.</param>
internal sealed record ParsedQuery(
    IReadOnlyList<QueryColumn>? Columns, IReadOnlySet<VirtualTable> Tables, QueryExpression? Where, IReadOnlyList<OrderByColumn> OrderBy, int Top)
{
    /// <summary>Whether choosing and sorting rows needs their bags.</summary>
    public bool NeedsBag => Where?.NeedsBag == true || OrderBy.Any(static one => one.Column.IsInBag);

    /// <summary>Whether showing a row does.</summary>
    public bool ShowsBag => Columns is null || Columns.Any(static one => one.IsInBag);
}

internal readonly record struct OrderByColumn(QueryColumn Column, bool IsDescending);
