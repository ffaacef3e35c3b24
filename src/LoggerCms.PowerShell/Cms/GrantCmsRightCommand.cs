using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Grants rights on objects to users and groups.</summary>
[Cmdlet(VerbsSecurity.Grant, "CmsRight", SupportsShouldProcess = true)]
[OutputType(typeof(CmsRightEntry))]
public sealed class GrantCmsRightCommand : RightSetCmdlet
{
    private protected override string NewValue => "Granted";
}
