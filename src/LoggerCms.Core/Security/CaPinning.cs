using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LoggerCms.Core.Security;

/// <summary>How a client knows a node of its system: by one authority and nothing else, neither the machine's own store nor the network.</summary>
internal static class CaPinning
{
    /// <summary>The check for a connection to one host.</summary>
    /// <param name="authority">The system's authority.</param>
    /// <param name="host">The name or address that was called.</param>
    /// <param name="time">The clock.</param>
    /// <param name="rejected">Told the reason where a certificate is not accepted.</param>
    public static RemoteCertificateValidationCallback Callback(X509Certificate2 authority, string host, TimeProvider time, Action<string>? rejected = null)
        => (_, certificate, _, _) =>
        {
            var why = certificate is null ? "the server sent none"
                : certificate is X509Certificate2 known ? WhyNot(known, authority, host, time)
                : "it cannot be read";
            if (why is not null)
                rejected?.Invoke(why);
            return why is null;
        };

    /// <exception cref="LoggerCmsException">CertificateNotTrusted, with the reason.</exception>
    public static void Validate(X509Certificate2 certificate, X509Certificate2 authority, string host, TimeProvider time)
    {
        if (WhyNot(certificate, authority, host, time) is { } why)
            throw NotTrusted(host, why);
    }

    public static LoggerCmsException NotTrusted(string host, string why)
        => new(
            ErrorCodes.CertificateNotTrusted, $"The certificate of '{host}' is not accepted: {why}.",
            "If the node was set up anew, take its profile anew; otherwise somebody else answers there.");

    /// <param name="certificate">The node's; it must be signed by the authority itself.</param>
    /// <param name="authority">The only one trusted.</param>
    /// <param name="host">The name or address that was called; null where it is not a server's.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Why it is not accepted; null where it is.</returns>
    public static string? WhyNot(X509Certificate2 certificate, X509Certificate2 authority, string? host, TimeProvider time)
    {
        try
        {
            return Check(certificate, authority, host, time);
        }
        catch (Exception exception) when (IsOfCertificate(exception))
        {
            return $"it cannot be read: {exception.Message}";
        }
    }

    /// <summary>What the runtime throws for a certificate or key that is malformed, or of a sort that the platform does not know.</summary>
    public static bool IsOfCertificate(Exception exception)
        => exception is CryptographicException or NotSupportedException or ArgumentException;

    /// <summary>Whether it is an authority's certificate, and its signature is its own.</summary>
    public static bool IsAuthority(X509Certificate2 certificate)
    {
        try
        {
            return IsSelfSigned(certificate);
        }
        catch (Exception exception) when (IsOfCertificate(exception))
        {
            return false;
        }
    }

    private static string? Check(X509Certificate2 certificate, X509Certificate2 authority, string? host, TimeProvider time)
    {
        if (host is not null && !certificate.MatchesHostname(host.Trim('[', ']'), allowWildcards: false, allowCommonName: false))
            return $"it is not for that name: {certificate.Subject}";
        var now = time.GetUtcNow();
        if (now >= certificate.NotAfter || now < certificate.NotBefore)
            return $"it holds from {certificate.NotBefore:yyyy-MM-dd} to {certificate.NotAfter:yyyy-MM-dd}";
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { authority },
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
                VerificationTime = now.UtcDateTime,
                VerificationTimeIgnored = false,
            },
        };
        if (host is not null)
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(CertificateMaker.ServerUse));
        try
        {
            if (!chain.Build(certificate))
                return string.Join(", ", chain.ChainStatus.Select(s => s.Status).Distinct());
            // An authority's own certificate is a chain of one, and is no node's.
            return chain.ChainElements.Count == 2 ? null : "it is not signed by the system's authority";
        }
        finally
        {
            foreach (var element in chain.ChainElements)
                element.Certificate.Dispose();
        }
    }

    private static bool IsSelfSigned(X509Certificate2 certificate)
    {
        if (!certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(e => e.CertificateAuthority))
            return false;
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { certificate },
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
                VerificationTime = certificate.NotBefore.AddSeconds(1),
                VerificationTimeIgnored = false,
            },
        };
        return chain.Build(certificate) && chain.ChainElements.Count == 1;
    }
}
