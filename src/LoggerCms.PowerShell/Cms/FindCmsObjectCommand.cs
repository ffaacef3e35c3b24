using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Text.Json;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Finds objects by a query in the language of BusinessObjects, or by kind, name and folder.</summary>
[Cmdlet(VerbsCommon.Find, "CmsObject", DefaultParameterSetName = "Query", SupportsPaging = true)]
[OutputType(typeof(InfoObject), typeof(PSObject))]
public sealed class FindCmsObjectCommand : NodeCmdlet
{
    private const string RowType = "LoggerCms.CmsQueryRow";
    private const int DefaultTop = 1_000;
    private const int MostTop = 1_000_000;

    /// <summary>The query.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Query", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string Query { get; set; } = string.Empty;

    /// <summary>Names; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = "Words")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Kinds; wildcards are allowed.</summary>
    [Parameter(ParameterSetName = "Words")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CmsKindCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Kind { get; set; } = [];

    /// <summary>The folder below which to look, at any depth.</summary>
    [Parameter(ParameterSetName = "Words")]
    [ArgumentCompleter(typeof(CmsPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Under { get; set; }

    private Page _page = Page.All();

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        CountNothing(PagingParameters);
        _page = Page.Of(PagingParameters);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Query")
        {
            RunQuery();
            return;
        }

        var (names, kinds) = (Sorting(Name), Sorting(Kind));
        long? under = null;
        if (Under is not null)
            under = Ask("Reading objects", Under, (client, token) => client.GetObjectByPathAsync(CmsPath.Normal(Under), token))!.Id;
        var query = CmsQueries.Matching(Kind, Name, under);
        Rows(
            Under ?? (object)Name,
            MostTop,
            (client, token) => client.QueryAsync(query, token),
            row => InfoObjects.FromRow(row) is var found && Wildcards.Match(names, found.Name) && Wildcards.Match(kinds, found.Kind) ? found : null);
    }

    // The node sorts out all but sets.
    private IReadOnlyList<WildcardPattern> Sorting(string[] wildcards)
        => wildcards.Any(one => one.Contains('[')) ? [.. wildcards.Select(one => OrEnd(() => Wildcards.Of(one), one))] : [];

    // Whoever says how many rows are wanted gets them: -First, and the rows that -Skip leaves out, count in the place of a TOP.
    private void RunQuery()
    {
        var words = Query.Split((char[]?)null, 5, StringSplitOptions.RemoveEmptyEntries);
        var hasTop = words is [_, var top, ..] && string.Equals(top, "TOP", StringComparison.OrdinalIgnoreCase);
        var isWhole = words is [_, "*", ..] || (hasTop && words is [_, _, _, "*", ..]);
        var isByDefault = !hasTop && !IsWritten(nameof(PagingParameters.First));
        var most = (int)Math.Min(isByDefault ? Math.Min(_page.ToSkip, MostTop) + DefaultTop : _page.Most, MostTop);

        // One row more than is given shows that there are others.
        var asked = isByDefault ? Math.Min(most + 1, MostTop) : most;
        if (!Rows(Query, isByDefault ? most : MostTop, (client, token) => client.QueryAsync(Query, asked, token), row => Show(row, isWhole)))
            return;
        WriteWarning($"The query has no TOP and gave the {DefaultTop:N0} rows that it gives without one; there are more. "
            + $"SELECT TOP n gives up to {MostTop:N0}, and -First n, with -Skip, those of a page.");
    }

    /// <summary>Writes rows, and says where the node gave as many as it gives of one query at most.</summary>
    /// <returns>Whether there are more than <paramref name="most"/>, of which none was written.</returns>
    private bool Rows(object target, int most, Func<ICmsClient, CancellationToken, IAsyncEnumerable<JsonElement>> read, Func<JsonElement, object?> show)
    {
        var (given, isCut) = (0, false);
        List("Looking for objects", target, (client, token) => CountAsync(read(client, token), token), show, _page, MyInvocation.ExpectingInput);
        if (given == MostTop)
        {
            WriteWarning($"A query gives {MostTop:N0} rows at most, those that -Skip leaves out among them, and this one gave as many; there may be more. "
                + "Ask for parts: a folder each with -Under, or SELECT … WHERE SI_ID > the last one's … ORDER BY SI_ID.");
        }

        return isCut;

        async IAsyncEnumerable<JsonElement> CountAsync(IAsyncEnumerable<JsonElement> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (given == most && most < MostTop)
                {
                    isCut = true;
                    yield break;
                }

                given++;
                yield return row;
            }
        }
    }

    private static object Show(JsonElement row, bool isWhole)
    {
        if (isWhole)
            return InfoObjects.FromRow(row);
        var shown = new PSObject();
        shown.TypeNames.Insert(0, RowType);
        foreach (var column in row.EnumerateObject())
            shown.Properties.Add(new PSNoteProperty(column.Name, Local(column.Name, PropertyReader.Value(column.Value))));
        return shown;
    }

    // Times of the node are shown in local time, as everywhere; dates among the properties keep the offset that they were given.
    private static object? Local(string column, object? value)
        => value is DateTimeOffset time && CmsColumns.IsOfEveryObject(column) ? time.ToLocalTime() : value;
}
