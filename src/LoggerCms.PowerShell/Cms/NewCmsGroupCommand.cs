using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Makes groups.</summary>
[Cmdlet(VerbsCommon.New, "CmsGroup", SupportsShouldProcess = true)]
[OutputType(typeof(CmsPrincipal))]
public sealed class NewCmsGroupCommand : NewPrincipalCmdlet
{
    /// <summary>The names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in Name)
        {
            if (Make(CmsPath.Groups, Principals.Group, name, new Dictionary<string, string?>(), null) is { } made)
                WriteObject(made);
        }
    }
}
