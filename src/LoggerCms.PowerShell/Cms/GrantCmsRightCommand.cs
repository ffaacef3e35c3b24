using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Grants rights on objects to users and groups.</summary>
[Cmdlet(VerbsSecurity.Grant, "CmsRight", SupportsShouldProcess = true)]
[OutputType(typeof(CmsRightEntry))]
public sealed class GrantCmsRightCommand : RightChangeCmdlet
{
    /// <summary>The rights.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsRightCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Right { get; set; } = [];

    private protected override IReadOnlyList<string> Rights => Right;

    private protected override string Value => "Granted";
}
