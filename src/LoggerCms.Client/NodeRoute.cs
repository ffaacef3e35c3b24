using System.Security.Cryptography.X509Certificates;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;

namespace LoggerCms.Client;

/// <summary>Where a node is, whom to trust there, and as whom to come: what the caller gave, and the rest from a profile.</summary>
internal sealed record NodeRoute(Uri Endpoint, X509Certificate2 Authority, string Token)
{
    private const string ProfileSuffix = ".json";

    /// <exception cref="LoggerCmsException">ProfileNotFound, SecretExposed, SecretDamaged, FormatNotSupported; InvalidConnection.</exception>
    public static NodeRoute Of(CmsConnection connection)
    {
        var complete = connection is { Endpoint: not null, CaCertificatePem: not null } and ({ Token: not null } or { Credential: not null });
        var path = complete ? null : PathOf(connection.Profile ?? LocalProfile.DefaultName);
        if (path is not null && connection is { Endpoint: not null, Profile: null } && SystemFiles.Instance.Find(path) is null)
            throw Incomplete(connection, path);
        var profile = path is null ? null : LocalProfile.Read(SystemFiles.Instance, path);
        var endpoint = connection.Endpoint ?? profile!.Endpoint;
        if (endpoint is { IsAbsoluteUri: true, UserInfo.Length: > 0 })
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidConnection, $"The address of a node at '{endpoint.Host}' has a user or a password in it, which would be shown.", "Give -Credential, or a -Token.");
        }

        if (!endpoint.IsAbsoluteUri || endpoint.Scheme != Uri.UriSchemeHttps)
            throw new LoggerCmsException(ErrorCodes.InvalidConnection, $"'{endpoint}' is not the address of a node.", "Give one as https://localhost:6400/");
        if (connection.CaCertificatePem is not { } pem)
            return new NodeRoute(endpoint, profile!.Authority(), connection.Token ?? profile.Token);
        var authority = Parse(pem);
        if (connection.Token is not null || connection.Credential is not null)
            return new NodeRoute(endpoint, authority, connection.Token ?? "");
        using var known = profile!.Authority();
        if (authority.RawDataMemory.Span.SequenceEqual(known.RawDataMemory.Span))
            return new NodeRoute(endpoint, authority, profile.Token);

        // Whoever has that authority's key would get the token of another system.
        authority.Dispose();
        throw new LoggerCmsException(
            ErrorCodes.InvalidConnection, $"The certificate that was given is not the authority of the profile '{path}', whose token would go to '{endpoint}'.",
            "Give -Token or -Credential for that system, or leave -CaCertificatePath out.");
    }

    /// <inheritdoc cref="ICmsTools.FindEndpoint"/>
    public static Uri? FindEndpoint(string? profile)
    {
        try
        {
            return LocalProfile.Read(SystemFiles.Instance, PathOf(profile ?? LocalProfile.DefaultName)).Endpoint;
        }
        catch (LoggerCmsException)
        {
            return null;
        }
    }

    /// <summary>Without the token.</summary>
    public override string ToString() => $"{nameof(NodeRoute)} {{ {Endpoint} }}";

    private static string PathOf(string profile)
        => profile.EndsWith(ProfileSuffix, StringComparison.OrdinalIgnoreCase) || profile.Contains(Path.DirectorySeparatorChar)
            ? Path.GetFullPath(profile)
            : LocalProfile.PathOf(profile);

    // Somebody who names an address does not think of a profile, which would have had the rest.
    private static LoggerCmsException Incomplete(CmsConnection connection, string path)
    {
        var isTrusted = connection.CaCertificatePem is not null;
        var isUser = connection is { Token: not null } or { Credential: not null };
        var lacks = isTrusted ? "there is no user or token to come with" : "its certificate cannot be checked, because no authority to trust is given";
        string?[] parameters = [isTrusted ? null : "-CaCertificatePath", isUser ? null : "-Credential or -Token"];
        return new LoggerCmsException(
            ErrorCodes.InvalidConnection,
            $"The node at '{connection.Endpoint!.Host}' cannot be connected to: {lacks}, and there is no profile '{path}' that has it.",
            $"Give Connect-Cms {string.Join(", and ", parameters.OfType<string>())}."
                + (isTrusted ? "" : " Whoever has a profile of the node makes the file of it: (Get-Content NAME.profile.json | ConvertFrom-Json).ca > ca.pem"));
    }

    private static X509Certificate2 Parse(string pem)
    {
        try
        {
            var authority = X509Certificate2.CreateFromPem(pem);
            if (CaPinning.IsAuthority(authority))
                return authority;
            authority.Dispose();
        }
        catch (Exception exception) when (CaPinning.IsOfCertificate(exception))
        {
            throw NoAuthority(exception);
        }

        throw NoAuthority(null);
    }

    private static LoggerCmsException NoAuthority(Exception? exception)
        => new(
            ErrorCodes.InvalidConnection, "The certificate that was given is no authority's.", "Give the text of ca.pem in the node's data folder, or its profile.",
            innerException: exception);
}
