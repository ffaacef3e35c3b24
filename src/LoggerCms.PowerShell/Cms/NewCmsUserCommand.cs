using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Makes users.</summary>
[Cmdlet(VerbsCommon.New, "CmsUser", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(CmsPrincipal))]
public sealed class NewCmsUserCommand : NewPrincipalCmdlet
{
    /// <summary>The name, of a user without a password.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [Alias("UserName")]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = string.Empty;

    /// <summary>The name and the password.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Credential", ValueFromPipelineByPropertyName = true)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The person's name.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? FullName { get; set; }

    /// <summary>The address for mail.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? Email { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var words = new Dictionary<string, string?> { [Principals.FullName] = FullName, [Principals.Email] = Email };
        var name = Credential?.UserName.TrimStart('\\') ?? Name;
        if (Make(CmsPath.Users, Principals.User, name, words, Credential?.GetNetworkCredential()) is { } made)
            WriteObject(made);
    }
}
