namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>A row, and what ORDER BY sorts it by.</summary>
/// <param name="Keys">One a column, as <see cref="KeyOf"/> gives it.</param>
/// <param name="Id">The object's; what is equal otherwise is in order of it.</param>
internal readonly record struct SortedRow(PropertyValue[] Keys, long Id)
{
    /// <summary>
    /// Characters of a text, and bytes of a binary value, that count for its place; what is behind them does not. As many as a path may have. So a place is
    /// exact and has a length, whatever there is to sort.
    /// </summary>
    public const int MostOfKey = ObjectPaths.LongestPath;

    // Lists and bags have a place among other values and none among themselves.
    private static readonly PropertyValue NoOrder = PropertyValue.List([]);

    /// <summary>Of the memory that the keys take: what may be much.</summary>
    public long Bytes => Keys.Sum(static key => key.Type switch
    {
        PropertyType.String => sizeof(char) * (long)key.AsString.Length,
        PropertyType.Binary => key.AsBinary.Length,
        _ => 0,
    });

    public static SortedRow Of(IReadOnlyList<OrderByColumn> columns, QueryRowContext row)
    {
        var keys = new PropertyValue[columns.Count];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = KeyOf(columns[i].Column.Value(row));
        return new SortedRow(keys, row.Object.Id);
    }

    public static PropertyValue KeyOf(PropertyValue value) => value.Type switch
    {
        PropertyType.String when value.AsString.Length > MostOfKey => Cut(value.AsString),
        PropertyType.Binary when value.AsBinary.Length > MostOfKey => value.AsBinary[..MostOfKey],
        PropertyType.List or PropertyType.Bag => NoOrder,
        _ => value,
    };

    public static int Compare(IReadOnlyList<OrderByColumn> columns, SortedRow left, SortedRow right)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            var order = QueryValue.Order(left.Keys[i], right.Keys[i]);
            if (order != 0)
                return columns[i].IsDescending ? -order : order;
        }

        return left.Id.CompareTo(right.Id);
    }

    // Half a surrogate pair has no encoded form.
    private static string Cut(string text) => text[..(char.IsHighSurrogate(text[MostOfKey - 1]) ? MostOfKey - 1 : MostOfKey)];
}
