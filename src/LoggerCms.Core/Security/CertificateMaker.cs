using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LoggerCms.Core.Security;

/// <summary>Makes the two sorts of certificates of a system: its authority's and its nodes'. Keys are ECDSA on P-256.</summary>
internal static class CertificateMaker
{
    public const string ServerUse = "1.3.6.1.5.5.7.3.1";

    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    // For clocks that go a little after ours.
    private static readonly TimeSpan Before = TimeSpan.FromHours(1);

    /// <summary>A certificate of an authority, signed by itself, with its key. It signs no further authorities.</summary>
    public static X509Certificate2 Authority(string name, DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Subject(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(now - Before, now + lifetime);
    }

    /// <summary>A node's certificate with its key: for its server, and for proving to other nodes who it is.</summary>
    /// <param name="authority">With its key.</param>
    /// <param name="name">The node's name.</param>
    /// <param name="names">Host names and addresses that it answers to.</param>
    /// <param name="now">It holds from an hour earlier.</param>
    /// <param name="lifetime">Until when it holds; never beyond its authority.</param>
    public static X509Certificate2 Node(X509Certificate2 authority, string name, IEnumerable<string> names, DateTimeOffset now, TimeSpan lifetime)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Subject(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerUse), new Oid(ClientUse)], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var alternative in names)
        {
            if (IPAddress.TryParse(alternative, out var address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(alternative);
        }

        request.CertificateExtensions.Add(alternatives.Build());
        var serial = RandomNumberGenerator.GetBytes(16);
        // A serial number is positive, and its first byte is not 0.
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        var end = now + lifetime < authority.NotAfter ? now + lifetime : authority.NotAfter;
        var start = now - Before > authority.NotBefore ? now - Before : authority.NotBefore;
        using var certificate = request.Create(authority, start, end, serial);
        return certificate.CopyWithPrivateKey(key);
    }

    private static X500DistinguishedName Subject(string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name);
        return builder.Build();
    }
}
