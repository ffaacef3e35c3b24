using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Moves objects with all below them to another folder.</summary>
[Cmdlet(VerbsCommon.Move, "CmsObject", SupportsShouldProcess = true)]
[OutputType(typeof(InfoObject))]
public sealed class MoveCmsObjectCommand : VersionedChangeCmdlet
{
    private CmsObjectInfo? _folder;

    /// <summary>The path of the folder to move to.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(CmsPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The id of the folder to move to.</summary>
    [Parameter]
    public long? DestinationId { get; set; }

    /// <summary>A new name.</summary>
    [Parameter]
    [Alias("NewName")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>Emit the objects as they are after the change.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool Shows => PassThru;

    private protected override string MeantByPath => "Give the folder to move to as -Destination. ";

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Destination is null == DestinationId is null)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, "The folder to move to is not named, or twice.", "Give -Destination or -DestinationId; what stands first without a name is -Path."), null));
        }

        var target = new ObjectTarget(DestinationId, Destination, null);
        _folder = Ask("Reading the folder", target.Input, target.ReadAsync);
    }

    private protected override string Action() => $"Move to {_folder!.Path}{(Name is null ? "" : $" as '{Name}'")}";

    private protected override IReadOnlyList<CmsChange> Changes(long id)
        => [new CmsChange { Operation = "Move", Id = id, ParentId = _folder!.Id, Name = Name, ExpectedVersion = Expected }];
}
