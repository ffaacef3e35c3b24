using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Removes objects.</summary>
[Cmdlet(VerbsCommon.Remove, "CmsObject", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveCmsObjectCommand : VersionedChangeCmdlet
{
    /// <summary>Also what is in them, at any depth.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    private protected override ConfirmImpact Impact => ConfirmImpact.High;

    private protected override string Action() => Recurse ? "Remove with everything below" : "Remove";

    private protected override IReadOnlyList<CmsChange> Changes(long id)
        => [new CmsChange { Operation = "Remove", Id = id, Recurse = Recurse, ExpectedVersion = Expected }];
}
