using System.Management.Automation;
using System.Net;
using System.Security;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Connects this shell to a node.</summary>
[Cmdlet(VerbsCommunications.Connect, "Cms", DefaultParameterSetName = "Token")]
[OutputType(typeof(CmsSession))]
public sealed class ConnectCmsCommand : AsyncPSCmdlet
{
    /// <summary>The node's address; the profile's where it is left out.</summary>
    [Parameter(Position = 0)]
    public Uri? Endpoint { get; set; }

    /// <summary>The name or the path of a profile; this user's admin profile where it is left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CmsSessionCompleter))]
    public string? Profile { get; set; }

    /// <summary>A token; the profile's where it is left out.</summary>
    [Parameter(ParameterSetName = "Token")]
    public SecureString? Token { get; set; }

    /// <summary>The user to log on as.</summary>
    [Parameter(ParameterSetName = "Credential", Mandatory = true)]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>The file with the certificate of the authority to trust; the profile's where it is left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? CaCertificatePath { get; set; }

    /// <summary>Emit the connection too.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var profile = Profile is null ? null : OrEnd(() => CmsSessionTransformationAttribute.Profile(SessionState.Path, Profile), Profile);
        var ca = CaCertificatePath is null ? null : ResolvePath(CaCertificatePath);
        var target = (object?)Endpoint ?? profile ?? "the admin profile";
        var session = Run(
            $"Connecting to {target}",
            target,
            async (_, token) => await CmsSessions.ConnectAsync(
                new CmsConnection
                {
                    Endpoint = Endpoint,
                    Profile = profile,
                    Token = Token is null ? null : new NetworkCredential("", Token).Password,
                    Credential = Credential?.GetNetworkCredential(),
                    CaCertificatePem = ca is null ? null : await ReadAsync(ca, token).ConfigureAwait(false),
                },
                PassThru,
                token).ConfigureAwait(false));
        if (session is null)
            return;
        WriteVerbose($"Connected to node {session.Node} at {session.Endpoint}.");
        if (PassThru)
            WriteObject(session);
    }

    private static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LoggerCmsException(ErrorCodes.InvalidConnection, $"The certificate cannot be read: {e.Message}", "Give the path of a readable PEM file.", innerException: e);
        }
    }
}
