using System.Management.Automation;

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
}
