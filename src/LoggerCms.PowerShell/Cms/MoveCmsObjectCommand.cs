using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Moves objects with all below them to another folder.</summary>
[Cmdlet(VerbsCommon.Move, "CmsObject", SupportsShouldProcess = true)]
[OutputType(typeof(InfoObject))]
public sealed class MoveCmsObjectCommand : RenamingCmdlet
{
    private readonly Dictionary<string, CmsObjectInfo> _folders = new(StringComparer.OrdinalIgnoreCase);
    private CmsObjectInfo? _folder;

    /// <summary>The path of the folder to move to.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The id of the folder to move to.</summary>
    [Parameter]
    public long? DestinationId { get; set; }

    private protected override string MeantByPath => "Give the folder to move to as -Destination. ";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (IsWritten(nameof(Destination)) ? DestinationId is not null : DestinationId is null && !MyInvocation.ExpectingInput)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, "The folder to move to is not named, or twice.", "Give -Destination or -DestinationId; what stands first without a name is -Path."), null));
        }

        // One folder for all: where it is not there, nothing is begun.
        if (DestinationId is not null)
            _folder = Ask("Reading the folder", DestinationId, new ObjectTarget(DestinationId, null, null).ReadAsync);
        else if (Destination is not null)
            FindFolder(Destination, oneOfMany: null);
    }

    private protected override bool CanBegin(long id, object input)
        => base.CanBegin(id, input) && (DestinationId is not null || FindFolder(input, IsOneOfMany));

    private protected override string Action() => $"Move to {_folder!.Path}{(NewName is null ? "" : $" as '{NewName}'")}";

    private protected override IReadOnlyList<CmsChange> Changes(long id)
        => [new CmsChange { Operation = "Move", Id = id, ParentId = _folder!.Id, Name = NewName, ExpectedVersion = Expected }];

    private bool FindFolder(object input, bool? oneOfMany)
    {
        if (string.IsNullOrEmpty(Destination))
        {
            Report(ErrorRecords.From(new LoggerCmsException(ErrorCodes.InvalidOption, "The folder to move to is not named.", "Give -Destination, or pipe in rows that have one."), input), IsOneOfMany);
            return false;
        }

        _folder = AskOnce(_folders, Destination, "Reading the folder", input, new ObjectTarget(null, Destination, null).ReadAsync, oneOfMany);
        return _folder is not null;
    }
}
