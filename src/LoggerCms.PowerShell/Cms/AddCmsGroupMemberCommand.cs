using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Takes users and groups into a group.</summary>
[Cmdlet(VerbsCommon.Add, "CmsGroupMember", SupportsShouldProcess = true)]
[OutputType(typeof(CmsPrincipal))]
public sealed class AddCmsGroupMemberCommand : GroupMemberCmdlet
{
    private protected override bool IsMember => true;
}
