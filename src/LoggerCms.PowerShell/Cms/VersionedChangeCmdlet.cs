using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>What the cmdlets share that change only the version that was read.</summary>
public abstract class VersionedChangeCmdlet : ObjectChangeCmdlet
{
    /// <summary>The version that is to be changed.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Version", "SI_VERSION")]
    public int? ExpectedVersion { get; set; }

    /// <summary>Change whatever version there is.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private protected int? Expected => Force ? null : ExpectedVersion;

    private protected override Task CheckAsync(ICmsClient client, CmsObjectInfo found, CancellationToken cancellationToken)
    {
        Checks.DemandVersion(found, Expected);
        return Task.CompletedTask;
    }
}
