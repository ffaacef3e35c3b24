using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>
/// What the cmdlets share that name objects by path, id or CUID. An object from the pipeline has all three: what the user wrote counts first, then
/// the id, the CUID, the path. A CUID that came with an id must be that object's.
/// </summary>
public abstract class ObjectTargetCmdlet : NodeCmdlet
{
    private string? _written;
    private bool _isWrittenPerInput;

    /// <summary>What the pipeline brings: a path, an id, or an object that has one of these or a CUID as a property.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>The objects' paths.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("SI_PATH")]
    [ObjectPathTransformation]
    [ArgumentCompleter(typeof(CmsPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>The objects' ids.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ObjectId", "SI_ID")]
    public long[] Id { get; set => field = value ?? []; } = [];

    /// <summary>The objects' CUIDs.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ObjectCuid", "SI_CUID")]
    public string[] Cuid { get; set => field = value ?? []; } = [];

    /// <summary>Whether a failure of one is told as one of many.</summary>
    private protected bool IsOneOfMany => MyInvocation.ExpectingInput || Id.Length + Cuid.Length + Path.Length > 1;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();

        string[] written = [.. new[] { nameof(Path), nameof(Id), nameof(Cuid) }.Where(IsWritten)];
        if (written.Length > 1)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, $"-{string.Join(" and -", written)} both name objects.", "Give one of them."), null));
        }

        _written = written.FirstOrDefault();

        // A script block is bound, and has its value only with each input.
        _isWrittenPerInput = _written is not null && Id.Length + Cuid.Length + Path.Length == 0;
    }

    private protected IReadOnlyList<ObjectTarget> Targets()
    {
        RefuseTwoSources();

        // Rows of a file and entries of a node of an earlier release may bring an empty CUID.
        var hasCuid = Cuid.Length > 0 && Cuid.All(one => !string.IsNullOrWhiteSpace(one));
        var by = _written ?? (Id.Length > 0 ? nameof(Id) : hasCuid ? nameof(Cuid) : nameof(Path));
        if (by == nameof(Id))
        {
            // The path that came along says more to a person than the id does.
            var isPiped = _written is null && Id.Length == 1;
            var path = isPiped && Path is [['/', ..]] ? Path[0] : null;
            return [.. Id.Select(id => new ObjectTarget(id, path, isPiped && hasCuid && Cuid is [var cuid] ? cuid : null))];
        }

        if (by == nameof(Cuid))
            return hasCuid ? [.. Cuid.Select(cuid => new ObjectTarget(null, null, cuid))] : Unnamed();
        if (Path.Length > 0)
            return [.. Path.Select(path => new ObjectTarget(null, path, null))];
        return Input();
    }

    /// <summary>What the pipeline may bring where the objects are written.</summary>
    private protected virtual IReadOnlyList<string> TakenBesideObjects => [];

    /// <summary>What a user may have meant who wrote a path beside objects from the pipeline; a sentence, or empty.</summary>
    private protected virtual string MeantByPath => "";

    // One of both would be passed over, and the user may have meant that one.
    private void RefuseTwoSources()
    {
        if (_written is null || _isWrittenPerInput || InputObject is null || TakenBesideObjects.Any(IsPiped))
            return;
        var meant = _written == nameof(Path) ? $"What stands first without a name is -Path. {MeantByPath}" : "";
        ThrowTerminatingError(ErrorRecords.From(
            new LoggerCmsException(
                ErrorCodes.InvalidOption, $"The pipeline and -{_written} both name objects.", $"{meant}Leave -{_written} out, or pipe nothing in."),
            InputObject));
    }

    private IReadOnlyList<ObjectTarget> Input()
    {
        switch (InputObject?.BaseObject)
        {
            case string { Length: > 0 } path:
                return [new ObjectTarget(null, path, null)];
            case int or long:
                return [new ObjectTarget(LanguagePrimitives.ConvertTo<long>(InputObject.BaseObject), null, null)];
            default:
                return Unnamed();
        }
    }

    private IReadOnlyList<ObjectTarget> Unnamed()
    {
        var failure = InputObject is null
            ? new LoggerCmsException(ErrorCodes.InvalidOption, "No object is named.", "Give -Path, -Id or -Cuid, or pipe objects in.")
            : new LoggerCmsException(
                ErrorCodes.InvalidOption,
                $"'{InputObject}' from the pipeline names no object: it has no id, CUID or path.",
                "Pipe in paths, ids, or objects with a property Id, Cuid or Path; rows of a query name theirs where SI_ID is among the columns.");
        Report(ErrorRecords.From(failure, InputObject), MyInvocation.ExpectingInput);
        return [];
    }
}
