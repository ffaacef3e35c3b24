using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Removes groups.</summary>
[Cmdlet(VerbsCommon.Remove, "CmsGroup", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveCmsGroupCommand : RemovePrincipalCmdlet
{
    /// <summary>Their names.</summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(CmsGroupCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    private protected override string[] Names => Name;

    private protected override string Kind => Principals.Group;
}
