using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Takes users and groups out of a group.</summary>
[Cmdlet(VerbsCommon.Remove, "CmsGroupMember", SupportsShouldProcess = true)]
[OutputType(typeof(CmsPrincipal))]
public sealed class RemoveCmsGroupMemberCommand : GroupMemberCmdlet
{
    private protected override bool IsMember => false;
}
