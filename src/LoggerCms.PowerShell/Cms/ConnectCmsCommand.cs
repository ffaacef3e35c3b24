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
        var node = Node();

        // Also where what follows fails: nobody has the connection any more.
        var none = new CmsSession { Id = Guid.NewGuid(), Endpoint = node.Endpoint?.ToString() ?? "", Profile = node.Profile, User = Credential?.UserName };
        if (LetGo(none, node) is { } before)
            Run("Disconnecting", before, (_, token) => CmsSessions.LeaveAsync(before, isClosing: false, token));
        RefuseNulls();
        if (node.Profile is { } named)
            node = node with { Profile = OrEnd(() => CmsSessionTransformationAttribute.Profile(SessionState.Path, named), named) };
        var ca = CaCertificatePath is null ? null : ResolvePath(CaCertificatePath);
        var target = (object?)node.Endpoint ?? node.Profile ?? "the admin profile";
        var session = Run(
            $"Connecting to {target}",
            target,
            async (_, token) =>
            {
                if (ca is not null)
                    node = node with { CaCertificatePem = await ReadAsync(ca, token).ConfigureAwait(false) };
                CmsSessions.Tried(none, node);
                var connection = node with { Token = Token is null ? null : new NetworkCredential("", Token).Password, Credential = Credential?.GetNetworkCredential() };
                return await CmsSessions.ConnectAsync(connection, PassThru, token).ConfigureAwait(false);
            });
        if (session is null)
            return;
        CmsDefaults.Replace(session);
        WriteVerbose($"Connected to node {session.Node} at {session.Endpoint}.");
        if (PassThru)
            WriteObject(session);
    }

    // As another user, or by another token, one stays with the node that the shell has: what it is asked with must go to no other.
    private CmsConnection Node()
        => Endpoint is null && Profile is null && (Token is not null || Credential is not null) && CmsDefaults.Current is { } own
            ? Run($"Connecting to {own}", own, (_, token) => CmsSessions.AgainAsync(own, token))!
            : new CmsConnection { Endpoint = Endpoint, Profile = Profile };

    // From here on this runspace is connected to the new node, or to none: what follows a failure must go neither to the one before nor by the admin
    // profile. But that is what Connect-Cms alone asks for.
    private CmsSession? LetGo(CmsSession none, CmsConnection node)
    {
        var before = CmsDefaults.Current;
        if (before is not null || Endpoint is not null || Profile is not null || Credential is not null || MyInvocation.BoundParameters.ContainsKey(nameof(Token)))
        {
            CmsSessions.Tried(none, node);
            CmsDefaults.Replace(none);
        }

        return before;
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
