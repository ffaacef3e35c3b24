using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Takes entries away: what a user or group may do on an object is then not specified there.</summary>
[Cmdlet(VerbsSecurity.Revoke, "CmsRight", SupportsShouldProcess = true)]
[OutputType(typeof(CmsRightEntry))]
public sealed class RevokeCmsRightCommand : RightChangeCmdlet
{
    /// <summary>The rights; all when left out.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsRightCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Right { get; set; } = [];

    private protected override IReadOnlyList<string> Rights => Right;

    private protected override string Value => "NotSpecified";
}
