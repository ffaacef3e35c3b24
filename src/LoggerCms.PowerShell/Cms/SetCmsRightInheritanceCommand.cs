using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Switches on or off what an object inherits of rights.</summary>
[Cmdlet(VerbsCommon.Set, "CmsRightInheritance", SupportsShouldProcess = true)]
[OutputType(typeof(CmsRightEntry))]
public sealed class SetCmsRightInheritanceCommand : ObjectChangeCmdlet
{
    /// <summary>Whether entries of the folders above count.</summary>
    [Parameter]
    public bool? FromFolder { get; set; }

    /// <summary>Whether entries of groups count.</summary>
    [Parameter]
    public bool? FromGroup { get; set; }

    /// <summary>Emit the entries that count for the objects after the change.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override bool Shows => PassThru;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (FromFolder is null && FromGroup is null)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, "Nothing is said to change.", "Give -FromFolder or -FromGroup."), null));
        }
    }

    private protected override string Action()
        => string.Join(", ", new[] { ("folders", FromFolder), ("groups", FromGroup) }
            .Where(one => one.Item2 is not null).Select(one => $"Switch inheritance from {one.Item1} {(one.Item2 == true ? "on" : "off")}"));

    private protected override IReadOnlyList<CmsChange> Changes(long id)
        => [new CmsChange { Operation = "SetInheritance", Id = id, InheritFromFolder = FromFolder, InheritFromGroups = FromGroup }];

    private protected override void Show(IReadOnlyList<long> ids)
    {
        foreach (var id in ids)
            WriteEach(Ask("Reading rights", id, (client, token) => client.GetRightsAsync(id, token), oneOfMany: true));
    }
}
