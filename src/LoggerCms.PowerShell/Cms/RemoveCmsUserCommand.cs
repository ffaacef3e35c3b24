using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Removes users.</summary>
[Cmdlet(VerbsCommon.Remove, "CmsUser", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveCmsUserCommand : RemovePrincipalCmdlet
{
    /// <summary>Their names.</summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(CmsUserCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    private protected override string[] Names => Name;

    private protected override string Kind => Principals.User;
}
