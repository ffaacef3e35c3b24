namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>Runs queries over a view: the live image, or a snapshot for rows of one moment.</summary>
internal static class QueryEngine
{
    /// <summary>
    /// Streams the rows. Without ORDER BY they come by id, and memory is bounded by one row; with it by <paramref name="together"/> rows, or fewer where
    /// what they are sorted by is much: all objects are looked at again for the next ones. <c>InvalidQuery</c> at once for a query that is wrong or a token
    /// that is not of this query. Where properties were dropped, the system database's failures come through.
    /// </summary>
    /// <param name="view">What is asked.</param>
    /// <param name="query">The text.</param>
    /// <param name="mayView">Cuts rows to the caller's rights.</param>
    /// <param name="token">A row's <see cref="QueryRow.Token"/>, to go on after it; null for the beginning.</param>
    /// <param name="cancellationToken">Looked at between any two objects, and within one that takes long.</param>
    /// <param name="turn">Entered by the caller, and left for others now and then; null where there are none.</param>
    /// <param name="mayName">Whether the caller may know who owns something; null for everybody.</param>
    /// <param name="together">So many rows are sorted at a time: as many as are wanted.</param>
    /// <param name="top">Stands for TOP where the query has none; null for the default.</param>
    public static IAsyncEnumerable<QueryRow> Run(
        IObjectView view,
        string query,
        Func<CmsObject, bool> mayView,
        string? token,
        CancellationToken cancellationToken,
        IQueryTurn? turn = null,
        Func<CmsObject, bool>? mayName = null,
        int together = int.MaxValue,
        int? top = null)
    {
        var parsed = QueryParser.Parse(query, top);
        var place = QueryPlace.Read(query, parsed.OrderBy, token);
        var work = new QueryWork(mayView, mayName, turn, cancellationToken);
        return parsed.OrderBy.Count == 0 ? ById(view, parsed, place, work) : Sorted(view, parsed, place, together, work);
    }

    /// <summary>Where the candidates would come from; <see cref="QueryPlan.Index"/>.</summary>
    public static string Explain(string query) => QueryPlan.For(QueryParser.Parse(query)).Index;

    private static async IAsyncEnumerable<QueryRow> ById(IObjectView view, ParsedQuery query, QueryPlace place, QueryWork work)
    {
        var rows = place.Given >= query.Top ? [] : QueryPlan.For(query).Candidates(view, place.After.Id);
        foreach (var candidate in rows)
        {
            if (await ChooseAsync(view, query, candidate, work).ConfigureAwait(false) is not { } row)
                continue;
            place = place.Then(new SortedRow([], row.Object.Id));
            if (await ShowAsync(row, query, place).ConfigureAwait(false) is { } shown)
                yield return shown;
            if (place.Given >= query.Top)
                yield break;
        }
    }

    private static async IAsyncEnumerable<QueryRow> Sorted(IObjectView view, ParsedQuery query, QueryPlace place, int together, QueryWork work)
    {
        var plan = QueryPlan.For(query);
        for (var isMore = true; isMore && place.Given < query.Top;)
        {
            var first = new FirstRows(query.OrderBy, Math.Min(together, query.Top - place.Given), QueryLimits.SortBytes);
            foreach (var candidate in plan.Candidates(view, 0))
            {
                if (await ChooseAsync(view, query, candidate, work).ConfigureAwait(false) is not { } chosen)
                    continue;
                var row = SortedRow.Of(query.OrderBy, chosen);
                if (place.Given == 0 || SortedRow.Compare(query.OrderBy, row, place.After) > 0)
                    first.Add(candidate!, row);
            }

            isMore = first.LeavesOut;
            foreach (var (one, row) in first.TakeInOrder())
            {
                place = place.Then(row);
                work.Begin(one);
                if (await ShowAsync(new QueryRowContext(view, one, work), query, place).ConfigureAwait(false) is { } shown)
                    yield return shown;
            }
        }
    }

    /// <summary>
    /// The row, where the caller may view it, it is in a table that was asked for and fulfils the condition. The caller's right comes first: without it nothing
    /// of the object is looked at or read back, because what that takes, or that it takes too much, would tell of its values.
    /// </summary>
    private static async ValueTask<QueryRowContext?> ChooseAsync(IObjectView view, ParsedQuery query, CmsObject? candidate, QueryWork work)
    {
        await work.LookAsync().ConfigureAwait(false);
        if (candidate is null || !work.MayView(candidate))
            return null;
        if (query.Tables.Count < 3 && !query.Tables.Contains(SystemObjects.TableOf(view, candidate)))
            return null;
        var one = query.NeedsBag ? await WholeAsync(view, candidate, work).ConfigureAwait(false) : candidate;

        // What was read back may be another version, in another folder.
        if (one is null || (one != candidate && !work.MayView(one)))
            return null;
        work.Begin(one);
        var row = new QueryRowContext(view, one, work);
        return query.Where is null || query.Where.Holds(row) == true ? row : null;
    }

    /// <summary>
    /// Null where the object went away while its properties were read, or became one that the query or the caller's rights leave out: what is shown
    /// is the version that was checked.
    /// </summary>
    private static async ValueTask<QueryRow?> ShowAsync(QueryRowContext row, ParsedQuery query, QueryPlace place)
    {
        if (query.ShowsBag && row.Object.IsSkeleton)
        {
            if (await WholeAsync(row.View, row.Object, row.Work).ConfigureAwait(false) is not { } whole)
                return null;
            var isSame = whole.UpdateKey == row.Object.UpdateKey && whole.Version == row.Object.Version;
            if (!isSame && !row.Work.MayView(whole))
                return null;
            row.Work.Begin(whole);
            row = new QueryRowContext(row.View, whole, row.Work);
            if (!isSame && query.Where is not null && query.Where.Holds(row) != true)
                return null;
        }

        var columns = (query.Columns ?? QueryColumn.OfEveryObject).Select(column => KeyValuePair.Create(column.Name, column.Value(row)));
        return new QueryRow(row.Object, query.Columns is null ? [.. columns, .. row.Bag.Where(IsOwn)] : [.. columns], place);

        // A property that has the name of a column of every object would stand for it with whoever reads the row.
        static bool IsOwn(KeyValuePair<string, PropertyValue> property) => !QueryColumn.IsOfEveryObject(property.Key);
    }

    // The database may take its time; others that wait need no database perhaps.
    private static ValueTask<CmsObject?> WholeAsync(IObjectView view, CmsObject one, QueryWork work) => one.IsSkeleton && view is IPropertySource source
        ? work.AwayAsync(source.GetAsync(one.Id, work.CancellationToken))
        : ValueTask.FromResult<CmsObject?>(one);
}
