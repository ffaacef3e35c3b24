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

        long? under = null;
        if (Under is not null)
            under = Ask("Reading objects", Under, (client, token) => client.GetObjectByPathAsync(CmsPath.Normal(Under), token))!.Id;
        var query = CmsQueries.Matching(Kind, Name, under);
        List("Looking for objects", Under ?? (object)Name, (client, token) => client.QueryAsync(query, token), InfoObjects.FromRow, _page);
    }

    // Whoever says how many rows are wanted gets them: -First, and the rows that -Skip leaves out, count in the place of a TOP.
    private void RunQuery()
    {
        var words = Query.Split((char[]?)null, 5, StringSplitOptions.RemoveEmptyEntries);
        var hasTop = words is [_, var top, ..] && string.Equals(top, "TOP", StringComparison.OrdinalIgnoreCase);
        var isWhole = words is [_, "*", ..] || (hasTop && words is [_, _, _, "*", ..]);
        var isByDefault = !hasTop && !IsWritten(nameof(PagingParameters.First));
        var most = isByDefault ? _page.ToSkip + DefaultTop : _page.Most;

        // One row more than is given shows that there are others.
        var asked = (int)Math.Min(isByDefault ? most + 1 : most, MostTop);
        var isCut = false;
        List("Querying", Query, (client, token) => CutAsync(client.QueryAsync(Query, asked, token), token), row => Show(row, isWhole), _page, MyInvocation.ExpectingInput);
        if (isCut)
        {
            WriteWarning($"The query has no TOP and gave the {DefaultTop:N0} rows that it gives without one; there are more. "
                + $"SELECT TOP n gives up to {MostTop:N0}, and -First n, with -Skip, those of a page.");
        }

        async IAsyncEnumerable<JsonElement> CutAsync(IAsyncEnumerable<JsonElement> rows, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var given = 0UL;
            await foreach (var row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (isByDefault && given++ == most)
                {
                    isCut = true;
                    yield break;
                }

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
            shown.Properties.Add(new PSNoteProperty(column.Name, PropertyReader.Value(column.Value)));
        return shown;
    }
}
