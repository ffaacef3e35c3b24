using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists groups.</summary>
[Cmdlet(VerbsCommon.Get, "CmsGroup")]
[OutputType(typeof(CmsPrincipal))]
public sealed class GetCmsGroupCommand : GetPrincipalCmdlet
{
    /// <summary>Their names; wildcards are allowed.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CmsGroupCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    private protected override string[] Names => Name;

    private protected override string Kind => Principals.Group;
}
