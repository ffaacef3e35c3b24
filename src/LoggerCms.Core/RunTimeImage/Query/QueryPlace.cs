using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>
/// How far a query has come: after which row the next one is. It holds all that the order goes by and not how many rows were before it, so that rows that go
/// or come meanwhile move no other. A token is such a place in a form that a caller can keep.
/// </summary>
/// <param name="Query">Which query's it is.</param>
/// <param name="Given">So many rows of its TOP were given.</param>
/// <param name="After">The last of them; with ORDER BY its keys too.</param>
internal sealed record QueryPlace(long Query, int Given, SortedRow After)
{
    // The names of what is no key in a token: an encoded property bag.
    private const string QueryName = "query";
    private const string GivenName = "given";
    private const string AfterName = "after";

    // Three bytes a character at most, four characters for three of them, and room for names and lengths.
    private const int LongestToken = (QueryLimits.OrderBy * SortedRow.MostOfKey * 4) + 1024;

    public QueryPlace Then(SortedRow row) => this with { Given = Given + 1, After = row };

    public string ToToken()
    {
        var bag = new PropertyBagBuilder().Set(QueryName, Query).Set(GivenName, Given).Set(AfterName, After.Id);
        for (var i = 0; i < After.Keys.Length; i++)
        {
            if (!After.Keys[i].IsNone)
                bag.Set(NameOf(i), After.Keys[i]);
        }

        return Base64Url.EncodeToString(bag.Build().Encode());
    }

    /// <param name="query">The query's text.</param>
    /// <param name="columns">Of its ORDER BY.</param>
    /// <param name="token">Null for the beginning.</param>
    /// <exception cref="LoggerCmsException">InvalidQuery: the token is not one of this query.</exception>
    public static QueryPlace Read(string query, IReadOnlyList<OrderByColumn> columns, string? token)
    {
        var id = IdOf(query);
        if (token is null)
            return new QueryPlace(id, 0, new SortedRow([], 0));
        try
        {
            if (token.Length <= LongestToken && Base64Url.IsValid(token))
            {
                var bag = PropertyBag.Decode(Base64Url.DecodeFromChars(token));
                if (bag.Find(QueryName) == id
                    && bag.Find(GivenName) is { Type: PropertyType.Integer, AsInteger: > 0 and <= QueryLimits.MaxTop } given
                    && bag.Find(AfterName) is { Type: PropertyType.Integer } after)
                {
                    var keys = columns.Select((_, i) => SortedRow.KeyOf(bag.Find(NameOf(i)))).ToArray();
                    return new QueryPlace(id, (int)given.AsInteger, new SortedRow(keys, after.AsInteger));
                }
            }
        }
        catch (LoggerCmsException)
        {
            // No property bag: somebody else's token.
        }

        throw QueryErrors.At(query, 0, "the token to go on with is not one that this query gave");
    }

    private static string NameOf(int key) => key.ToString(CultureInfo.InvariantCulture);

    /// <summary>The same for the same text on every node.</summary>
    private static long IdOf(string query)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(query.AsSpan()), hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }
}
