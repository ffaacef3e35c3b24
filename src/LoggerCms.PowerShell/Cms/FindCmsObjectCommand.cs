using System.Management.Automation;
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
            var isWhole = IsWhole(Query);
            List("Querying", Query, (client, token) => client.QueryAsync(Query, token), row => Show(row, isWhole), _page, MyInvocation.ExpectingInput);
            return;
        }

        long? under = null;
        if (Under is not null)
            under = Ask("Reading objects", Under, (client, token) => client.GetObjectByPathAsync(CmsPath.Normal(Under), token))!.Id;
        var query = CmsQueries.Matching(Kind, Name, under);
        List("Looking for objects", Under ?? (object)Name, (client, token) => client.QueryAsync(query, token), InfoObjects.FromRow, _page);
    }

    private static bool IsWhole(string query)
    {
        var words = query.Split((char[]?)null, 5, StringSplitOptions.RemoveEmptyEntries);
        return words is [_, "*", ..] || (words is [_, var top, _, "*", ..] && string.Equals(top, "TOP", StringComparison.OrdinalIgnoreCase));
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
