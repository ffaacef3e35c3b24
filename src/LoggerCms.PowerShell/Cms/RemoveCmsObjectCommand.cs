using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Removes objects.</summary>
[Cmdlet(VerbsCommon.Remove, "CmsObject", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveCmsObjectCommand : VersionedChangeCmdlet
{
    /// <summary>Also what is in them, at any depth.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    private protected override string Action() => Recurse ? "Remove with everything below" : "Remove";

    private protected override IReadOnlyList<CmsChange> Changes(long id)
        => [new CmsChange { Operation = "Remove", Id = id, Recurse = Recurse, ExpectedVersion = Expected }];

    private protected override async Task CheckAsync(ICmsClient client, CmsObjectInfo found, CancellationToken cancellationToken)
    {
        await base.CheckAsync(client, found, cancellationToken).ConfigureAwait(false);
        Checks.DemandNotSystem(found, "removed");
        await Checks.DemandAsync(client, found.Id, "Delete", cancellationToken).ConfigureAwait(false);
        if (Recurse)
            return;
        await foreach (var _ in client.GetChildrenAsync(found.Id, cancellationToken).ConfigureAwait(false))
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidObject, $"Object {found.Id} '{found.Name}' is not empty.", "Add -Recurse to remove what is in it too.");
        }
    }
}
