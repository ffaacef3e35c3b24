using System.Globalization;

namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>Runs queries over a view: the live image, or a snapshot for rows of one moment.</summary>
internal static class QueryEngine
{
    /// <summary>
    /// Streams the rows. Without ORDER BY they come by id, and memory is bounded by one row; with it at most TOP rows and as many again are held,
    /// and <c>InvalidQuery</c> comes where the values that they are sorted by are too large. <c>InvalidQuery</c> at once for a query that is wrong or a token that is not of this query. Where properties were dropped, the
    /// system database's failures come through.
    /// </summary>
    /// <param name="view">What is asked.</param>
    /// <param name="query">The text.</param>
    /// <param name="mayView">Cuts rows to the caller's rights.</param>
    /// <param name="token">A row's <see cref="QueryRow.Token"/>, to go on after it; null for the beginning.</param>
    /// <param name="cancellationToken">Looked at between any two objects, and within one that takes long.</param>
    /// <param name="mayName">Whether the caller may know who owns something; null for everybody.</param>
    /// <param name="turn">Entered by the caller, and left for others now and then; null where there are none.</param>
    public static IAsyncEnumerable<QueryRow> Run(
        IObjectView view, string query, Func<CmsObject, bool> mayView, string? token, CancellationToken cancellationToken, IQueryTurn? turn = null, Func<CmsObject, bool>? mayName = null)
    {
        var parsed = QueryParser.Parse(query);
        var (afterId, given) = ReadToken(query, token);
        var work = new QueryWork(mayView, mayName, turn, cancellationToken);
        return parsed.OrderBy.Count == 0 ? ById(view, parsed, afterId, given, work) : Sorted(view, parsed, given, work);
    }

    /// <summary>Where the candidates would come from; <see cref="QueryPlan.Index"/>.</summary>
    public static string Explain(string query) => QueryPlan.For(QueryParser.Parse(query)).Index;

    private static async IAsyncEnumerable<QueryRow> ById(IObjectView view, ParsedQuery query, long afterId, int given, QueryWork work)
    {
        var rows = given >= query.Top ? [] : QueryPlan.For(query).Candidates(view, afterId);
        foreach (var candidate in rows)
        {
            var row = await ChooseAsync(view, query, candidate, work).ConfigureAwait(false);
            if (row is null)
                continue;
            given++;
            if (await ShowAsync(row, query, Token(row.Object.Id, given)).ConfigureAwait(false) is { } shown)
                yield return shown;
            if (given >= query.Top)
                yield break;
        }
    }

    private static async IAsyncEnumerable<QueryRow> Sorted(IObjectView view, ParsedQuery query, int given, QueryWork work)
    {
        var best = new List<SortedRow>();
        var bytes = 0L;
        var order = Comparer<SortedRow>.Create((left, right) => Compare(query.OrderBy, left, right));
        foreach (var candidate in QueryPlan.For(query).Candidates(view, 0))
        {
            var row = await ChooseAsync(view, query, candidate, work).ConfigureAwait(false);
            if (row is null)
                continue;
            var keys = query.OrderBy.Select(one => one.Column.Value(row)).ToArray();
            best.Add(new SortedRow(keys, candidate));
            bytes += Bytes(keys);
            if (best.Count >= (2 * query.Top) + 1024 || bytes > QueryLimits.SortBytes)
                Cut();
        }

        Cut();
        foreach (var one in best.Skip(given))
        {
            given++;
            work.Begin(one.Object);
            if (await ShowAsync(new QueryRowContext(view, one.Object, work), query, Token(0, given)).ConfigureAwait(false) is { } shown)
                yield return shown;
        }

        void Cut()
        {
            best.Sort(order);
            if (best.Count > query.Top)
                best.RemoveRange(query.Top, best.Count - query.Top);
            bytes = best.Sum(one => Bytes(one.Keys));

            // Half of it, so that what is cut makes room for as much again.
            if (bytes > QueryLimits.SortBytes / 2)
                throw QueryErrors.TooMuchToSort(best.Count);
        }
    }

    private static long Bytes(PropertyValue[] keys) => keys.Sum(static key => key.Type switch
    {
        PropertyType.String => sizeof(char) * (long)key.AsString.Length,
        PropertyType.Binary => key.AsBinary.Length,
        _ => 0,
    });

    private static int Compare(IReadOnlyList<OrderByColumn> columns, SortedRow left, SortedRow right)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var order = QueryValue.Order(left.Keys[i], right.Keys[i]);
            if (order != 0)
                return columns[i].IsDescending ? -order : order;
        }

        return left.Object.Id.CompareTo(right.Object.Id);
    }

    /// <summary>
    /// The row, where the caller may view it, it is in a table that was asked for and fulfils the condition. The caller's right comes first: without it nothing
    /// of the object is looked at or read back, because what that takes, or that it takes too much, would tell of its values.
    /// </summary>
    private static async ValueTask<QueryRowContext?> ChooseAsync(IObjectView view, ParsedQuery query, CmsObject candidate, QueryWork work)
    {
        await work.LookAsync().ConfigureAwait(false);
        if (!work.MayView(candidate))
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
    private static async ValueTask<QueryRow?> ShowAsync(QueryRowContext row, ParsedQuery query, string token)
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
        return new QueryRow(row.Object, query.Columns is null ? [.. columns, .. row.Bag.Where(IsOwn)] : [.. columns], token);

        // A property that has the name of a column of every object would stand for it with whoever reads the row.
        static bool IsOwn(KeyValuePair<string, PropertyValue> property) => !QueryColumn.IsOfEveryObject(property.Key);
    }

    // The database may take its time; others that wait need no database perhaps.
    private static ValueTask<CmsObject?> WholeAsync(IObjectView view, CmsObject one, QueryWork work) => one.IsSkeleton && view is IPropertySource source
        ? work.AwayAsync(source.GetAsync(one.Id, work.CancellationToken))
        : ValueTask.FromResult<CmsObject?>(one);

    private static string Token(long afterId, int given) => string.Create(CultureInfo.InvariantCulture, $"{afterId}.{given}");

    private static (long AfterId, int Given) ReadToken(string query, string? token)
    {
        if (token is null)
            return (0, 0);
        var dot = token.IndexOf('.', StringComparison.Ordinal);
        return dot > 0
            && long.TryParse(token.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var afterId)
            && int.TryParse(token.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? (afterId, given)
            : throw QueryErrors.At(query, 0, "the token to go on with is not one that this query gave");
    }

    /// <param name="Keys">The values of the ORDER BY columns.</param>
    /// <param name="Object">The row's object.</param>
    private readonly record struct SortedRow(PropertyValue[] Keys, CmsObject Object);
}
