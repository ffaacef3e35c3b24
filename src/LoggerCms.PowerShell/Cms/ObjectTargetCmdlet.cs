using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>
/// What the cmdlets share that name objects by path, id or CUID. An object from the pipeline has all three: what the user wrote counts first, then
/// the id, the CUID, the path.
/// </summary>
public abstract class ObjectTargetCmdlet : NodeCmdlet
{
    private string? _written;

    /// <summary>The objects' paths.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("SI_PATH")]
    [ArgumentCompleter(typeof(CmsPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The objects' ids.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ObjectId", "SI_ID")]
    public long[] Id { get; set; } = [];

    /// <summary>The objects' CUIDs.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("SI_CUID")]
    [ValidateNotNullOrEmpty]
    public string[] Cuid { get; set; } = [];

    /// <summary>Whether a failure of one is told as one of many.</summary>
    private protected bool IsOneOfMany => MyInvocation.ExpectingInput || Id.Length + Cuid.Length + Path.Length > 1;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        // What comes down a pipeline is not bound yet.
        string[] written = [.. new[] { nameof(Path), nameof(Id), nameof(Cuid) }.Where(MyInvocation.BoundParameters.ContainsKey)];
        if (written.Length > 1)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, $"-{string.Join(" and -", written)} both name objects.", "Give one of them."), null));
        }

        _written = written.FirstOrDefault();
    }

    private protected IReadOnlyList<ObjectTarget> Targets()
    {
        var by = _written ?? (Id.Length > 0 ? nameof(Id) : Cuid.Length > 0 ? nameof(Cuid) : nameof(Path));
        if (by == nameof(Id))
        {
            // The path that came along says more to a person than the id does.
            var path = _written is null && Id.Length == 1 && Path is [['/', ..]] ? Path[0] : null;
            return [.. Id.Select(id => new ObjectTarget(id, path, null))];
        }

        if (by == nameof(Cuid))
            return [.. Cuid.Select(cuid => new ObjectTarget(null, null, cuid))];
        if (Path.Length > 0)
            return [.. Path.Select(path => new ObjectTarget(null, path, null))];
        if (!MayNameNothing)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, "No object is named.", "Give -Path, -Id or -Cuid, or pipe objects in."), null));
        }

        return [];
    }

    private protected virtual bool MayNameNothing => false;
}
