namespace LoggerCms.Core.RunTimeImage.Query;

/// <param name="Object">The object, with its properties where the query shows any.</param>
/// <param name="Columns">The columns that were asked for, in that order, by the names as written; None where the object has no such value.</param>
/// <param name="Place">Where the query is with it.</param>
internal sealed record QueryRow(CmsObject Object, IReadOnlyList<KeyValuePair<string, PropertyValue>> Columns, QueryPlace Place)
{
    /// <summary>Gives the rows after this one when passed to the next run of the same query. It is made when it is asked for.</summary>
    public string Token => Place.ToToken();
}
