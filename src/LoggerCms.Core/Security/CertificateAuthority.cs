using System.Security.Cryptography.X509Certificates;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Security;

/// <param name="What">Whose certificate.</param>
/// <param name="DaysLeft">Whole days; below 0 it has ended.</param>
/// <param name="NotAfter">When it ends.</param>
internal sealed record CertificateWarning(string What, int DaysLeft, DateTimeOffset NotAfter);

/// <summary>
/// The authority of one system, in a folder: <c>ca.pem</c> with its key, <c>node.pem</c> with the node's, <c>revoked.txt</c>. Made at the first start,
/// loaded at every other. A file that is damaged, or that others may read, is refused and left as it is: a new authority in the place of an
/// unreadable one would shut every client out.
/// </summary>
/// <remarks>Safe for several callers.</remarks>
internal sealed class CertificateAuthority : IDisposable
{
    public static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3653);
    public static readonly TimeSpan NodeLifetime = TimeSpan.FromDays(365);

    /// <summary>A node's certificate is made anew when less than this is left of it.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);

    /// <summary>An end closer than this is warned of; a node's certificate comes that far only where it cannot be renewed.</summary>
    public static readonly TimeSpan WarnBefore = TimeSpan.FromDays(30);

    private readonly IFileLayer _files;
    private readonly string _folder;
    private readonly TimeProvider _time;
    private readonly Lock _issuing = new();
    private readonly X509Certificate2 _authority;

    private CertificateAuthority(IFileLayer files, string folder, TimeProvider time, X509Certificate2 authority, RevocationList revoked)
    {
        _files = files;
        _folder = folder;
        _time = time;
        _authority = authority;
        Revoked = revoked;
        CertificatePem = authority.ExportCertificatePem();
        Certificate = X509Certificate2.CreateFromPem(CertificatePem);
    }

    /// <summary>Without its key: what clients pin.</summary>
    public X509Certificate2 Certificate { get; }

    public string CertificatePem { get; }

    public RevocationList Revoked { get; }

    /// <summary>Names that every node on this machine answers to.</summary>
    public static IReadOnlyList<string> LocalNames
        => [.. new[] { "localhost", "127.0.0.1", "::1", Environment.MachineName.ToLowerInvariant() }.Where(IsName).Distinct()];

    /// <param name="files">Where its files are.</param>
    /// <param name="folder">Owner-only; made where it is missing.</param>
    /// <param name="systemName">Names the authority when it is made.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="LoggerCmsException">SecretDamaged, SecretExposed, FormatNotSupported, or the folder cannot be used.</exception>
    public static CertificateAuthority Open(IFileLayer files, string folder, string systemName, TimeProvider time)
    {
        var path = Path.Combine(folder, "ca.pem");
        var revoked = RevocationList.Load(files, Path.Combine(folder, RevocationList.File));
        var authority = CertificateFile.Read(files, path);
        if (authority is null)
        {
            if (files.Find(Path.Combine(folder, "node.pem")) is not null)
                throw SecretFile.Damaged(path, "it is gone, while certificates that it signed are still there");
            authority = CertificateMaker.Authority($"LoggerCms {systemName} CA", time.GetUtcNow(), AuthorityLifetime);
            CertificateFile.Write(files, path, authority);
        }
        else if (!CaPinning.IsAuthority(authority))
        {
            authority.Dispose();
            throw SecretFile.Damaged(path, "its certificate is not an authority's that signed itself");
        }

        return new CertificateAuthority(files, folder, time, authority, revoked);
    }

    /// <summary>
    /// This node's certificate with its key: the one in the folder where it still is good and has all the names, otherwise a new one. Asked again at
    /// intervals, it renews in time. The caller disposes of it.
    /// </summary>
    /// <param name="nodeName">The node's name.</param>
    /// <param name="names">Host names and addresses beside <see cref="LocalNames"/>.</param>
    /// <exception cref="LoggerCmsException">InvalidOption: no host name or address; or as <see cref="Open"/>; or the authority has ended.</exception>
    public X509Certificate2 NodeCertificate(string nodeName, IEnumerable<string> names)
    {
        var all = LocalNames.Concat(names).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var path = Path.Combine(_folder, "node.pem");
        lock (_issuing)
        {
            var current = CertificateFile.Read(_files, path);
            if (current is not null && IsStillGood(current, all))
                return current;
            current?.Dispose();
            var made = Issue(nodeName, all);
            CertificateFile.Write(_files, path, made);
            return CertificateFile.Usable(made);
        }
    }

    /// <summary>A certificate with its key for another node; nothing of it is kept here.</summary>
    /// <exception cref="LoggerCmsException">InvalidOption: no host name or address; CertificateNotTrusted: the authority has ended.</exception>
    public X509Certificate2 Issue(string nodeName, IEnumerable<string> names)
    {
        var list = names.ToList();
        if (list.Find(n => !IsName(n)) is { } wrong)
            throw new LoggerCmsException(ErrorCodes.InvalidOption, $"'{wrong}' is no host name and no address.", "Name hosts as clients will call them.");
        var now = _time.GetUtcNow();
        if (now >= _authority.NotAfter)
        {
            throw new LoggerCmsException(
                ErrorCodes.CertificateNotTrusted, $"The system's own authority ended on {_authority.NotAfter:yyyy-MM-dd}: it signs nothing more.",
                $"Move '{_folder}' away and start the node: it makes a new one, which every client must be given.");
        }

        return CertificateMaker.Node(_authority, nodeName, list, now, NodeLifetime);
    }

    /// <summary>What ends within <see cref="WarnBefore"/>.</summary>
    public IReadOnlyList<CertificateWarning> Warnings(X509Certificate2 node)
    {
        var now = _time.GetUtcNow();
        return [.. new[] { ("the authority", _authority), ("the node", node) }
            .Where(c => c.Item2.NotAfter - now < WarnBefore)
            .Select(c => new CertificateWarning(c.Item1, (int)Math.Floor((c.Item2.NotAfter - now).TotalDays), c.Item2.NotAfter))];
    }

    /// <summary>Why another node's certificate is not accepted; null where it is.</summary>
    public string? WhyNot(X509Certificate2 certificate)
        => CaPinning.WhyNot(certificate, Certificate, null, _time)
            ?? (Revoked.Contains(certificate.SerialNumber) ? $"its serial number {certificate.SerialNumber} is revoked" : null);

    public void Dispose()
    {
        _authority.Dispose();
        Certificate.Dispose();
    }

    private bool IsStillGood(X509Certificate2 node, List<string> names)
        => node.NotAfter - _time.GetUtcNow() > RenewBefore
            && WhyNot(node) is null
            && names.TrueForAll(n => node.MatchesHostname(n, allowWildcards: false, allowCommonName: false));

    private static bool IsName(string name) => Uri.CheckHostName(name) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6 && !name.Contains('[');
}
