using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Denies users and groups rights on objects.</summary>
[Cmdlet(VerbsLifecycle.Deny, "CmsRight", SupportsShouldProcess = true)]
[OutputType(typeof(CmsRightEntry))]
public sealed class DenyCmsRightCommand : RightChangeCmdlet
{
    /// <summary>The rights.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsRightCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Right { get; set; } = [];

    private protected override IReadOnlyList<string> Rights => Right;

    private protected override string Value => "Denied";
}
