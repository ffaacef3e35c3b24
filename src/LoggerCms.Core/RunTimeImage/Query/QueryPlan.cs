namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>Where a query's candidates come from: the narrowest index that a condition joined by AND allows, else all objects.</summary>
/// <param name="Index">What is used, for a person: <c>SI_ID</c>, <c>SI_CUID</c>, <c>SI_PARENTID</c>, <c>SI_KIND</c>, <c>SI_ANCESTOR</c> or <c>scan</c>.</param>
/// <param name="Candidates">
/// Ascending by id, from above an id on; each once. All conditions are checked on them again. Before the first, where they have to be gathered, null for each
/// that was looked at: others may have their turn.
/// </param>
internal sealed record QueryPlan(string Index, Func<IObjectView, long, IEnumerable<CmsObject?>> Candidates)
{
    public static QueryPlan For(ParsedQuery query)
    {
        var conditions = Conjuncts(query.Where).ToList();
        return ByLongs(conditions, "SI_ID", static (view, id) => view.Find(id) is { } one ? [one] : [])
            ?? ByTexts(conditions, "SI_CUID", static (view, cuid) => view.FindByCuid(cuid) is { } one ? [one] : [])
            ?? ByLongs(conditions, "SI_PARENTID", static (view, id) => view.Children(id))
            ?? ByLongs(conditions, "SI_PARENT_FOLDER", static (view, id) => view.Children(id))
            ?? ByTexts(conditions, "SI_KIND", static (view, kind) => view.OfKind(kind))
            ?? conditions.OfType<AncestorExpression>().Select(static below => new QueryPlan("SI_ANCESTOR", (view, after) => Gather(ObjectPaths.Below(view, below.Ids), after))).FirstOrDefault()
            ?? new QueryPlan("scan", All);
    }

    private static IEnumerable<QueryExpression> Conjuncts(QueryExpression? where) => where switch
    {
        null => [],
        Junction { IsAnd: true } all => all.Parts.SelectMany(Conjuncts),
        _ => [where],
    };

    private static QueryPlan? ByLongs(List<QueryExpression> conditions, string column, Func<IObjectView, long, IEnumerable<CmsObject>> find)
    {
        foreach (var literals in conditions.Select(condition => Literals(condition, column)).OfType<IReadOnlyList<PropertyValue>>())
        {
            var ids = new HashSet<long>();
            if (literals.All(literal => QueryValue.TryInteger(literal, out var id) && (ids.Add(id) || ids.Contains(id))))
                return From(column, ids, find);
        }

        return null;
    }

    private static QueryPlan? ByTexts(List<QueryExpression> conditions, string column, Func<IObjectView, string, IEnumerable<CmsObject>> find)
    {
        foreach (var literals in conditions.Select(condition => Literals(condition, column)).OfType<IReadOnlyList<PropertyValue>>())
        {
            if (literals.All(static literal => literal.Type == PropertyType.String))
                return From(column, literals.Select(static literal => literal.AsString).Distinct(StringComparer.Ordinal), find);
        }

        return null;
    }

    /// <summary>What a column is equal to one of; null for another condition.</summary>
    private static IReadOnlyList<PropertyValue>? Literals(QueryExpression condition, string column) => condition switch
    {
        ComparisonExpression { Comparison: Comparison.Equal } equal when equal.Column.Is(column) => [equal.Literal],
        InExpression one when one.Column.Is(column) => one.Literals,
        _ => null,
    };

    private static QueryPlan From<T>(string index, IEnumerable<T> keys, Func<IObjectView, T, IEnumerable<CmsObject>> find)
    {
        var all = keys.ToList();
        return new QueryPlan(index, (view, after) => all.Count == 1 && view is IOrderedView && index is ("SI_PARENTID" or "SI_PARENT_FOLDER" or "SI_KIND")
            ? find(view, all[0]).SkipWhile(one => one.Id <= after)
            : Gather(all.SelectMany(key => find(view, key)), after));
    }

    private static IEnumerable<CmsObject?> Gather(IEnumerable<CmsObject> found, long after)
    {
        Dictionary<long, CmsObject> gathered = [];
        foreach (var one in found)
        {
            if (one.Id > after)
                gathered[one.Id] = one;
            yield return null;
        }

        foreach (var one in gathered.Values.OrderBy(static one => one.Id))
            yield return one;
    }

    private static IEnumerable<CmsObject> All(IObjectView view, long after)
        => view is IOrderedView ordered ? ordered.AllInOrder(after) : view.All().Where(one => one.Id > after).OrderBy(static one => one.Id);
}
