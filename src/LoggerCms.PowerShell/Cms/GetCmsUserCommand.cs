using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists users.</summary>
[Cmdlet(VerbsCommon.Get, "CmsUser")]
[OutputType(typeof(CmsPrincipal))]
public sealed class GetCmsUserCommand : GetPrincipalCmdlet
{
    /// <summary>Their names; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CmsUserCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    private protected override string[] Names => Name;

    private protected override string Kind => Principals.User;
}
