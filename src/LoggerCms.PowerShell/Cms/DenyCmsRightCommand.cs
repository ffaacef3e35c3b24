using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Denies users and groups rights on objects.</summary>
[Cmdlet(VerbsLifecycle.Deny, "CmsRight", SupportsShouldProcess = true)]
[OutputType(typeof(CmsRightEntry))]
public sealed class DenyCmsRightCommand : RightSetCmdlet
{
    private protected override string NewValue => "Denied";
}
