using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Security;

/// <summary>
/// Serial numbers of certificates that are no longer good. A text file: <c>LCMS-REVOKED 1</c>; one serial number a line, in hexadecimal, in ordinal
/// order; the last line is the SHA-256 of all before it.
/// </summary>
internal sealed class RevocationList
{
    /// <summary>Its name in the authority's folder.</summary>
    public const string File = "revoked.txt";

    private const string Magic = "LCMS-REVOKED ";
    private const string Version = "1";

    private readonly IFileLayer _files;
    private readonly string _path;
    private readonly Lock _writing = new();
    private ImmutableSortedSet<string> _serials;

    private RevocationList(IFileLayer files, string path, ImmutableSortedSet<string> serials)
    {
        _files = files;
        _path = path;
        _serials = serials;
    }

    public IReadOnlyCollection<string> Serials => _serials;

    /// <summary>Empty where there is no file yet.</summary>
    /// <exception cref="LoggerCmsException">SecretDamaged, SecretExposed or FormatNotSupported. A list that cannot be read revokes nothing, so it is not passed over.</exception>
    public static RevocationList Load(IFileLayer files, string path)
    {
        var none = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
        if (SecretFile.Read(files, path) is not { } bytes)
            return new RevocationList(files, path, none);
        var lines = Encoding.ASCII.GetString(bytes).Split('\n');
        if (!lines[0].StartsWith(Magic, StringComparison.Ordinal))
            throw SecretFile.Damaged(path, "it is no list of revoked certificates");
        if (lines[0][Magic.Length..] != Version)
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported, $"'{path}' is of format version {lines[0][Magic.Length..]}; this release reads {Version}.",
                "Use the release that wrote it, or a later one.");
        }

        var serials = none.Union(lines.Skip(1).SkipLast(2));
        return Text(serials) == Encoding.ASCII.GetString(bytes)
            ? new RevocationList(files, path, serials)
            : throw SecretFile.Damaged(path, "its checksum is not that of its lines");
    }

    public bool Contains(string serial) => Volatile.Read(ref _serials).Contains(serial);

    /// <summary>Durable when it returns.</summary>
    /// <param name="serial">As <c>X509Certificate2.SerialNumber</c> gives it.</param>
    public void Add(string serial)
    {
        lock (_writing)
        {
            var next = _serials.Add(serial);
            SecretFile.Write(_files, _path, Encoding.ASCII.GetBytes(Text(next)));
            Volatile.Write(ref _serials, next);
        }
    }

    /// <summary>Puts a list of exactly these in the place of the one that may be there, in one step.</summary>
    public static void Write(IFileLayer files, string path, IEnumerable<string> serials)
        => SecretFile.Write(files, path, Encoding.ASCII.GetBytes(Text(serials.ToImmutableSortedSet(StringComparer.Ordinal))));

    private static string Text(ImmutableSortedSet<string> serials)
    {
        var lines = Magic + Version + "\n" + string.Concat(serials.Select(s => s + "\n"));
        return lines + Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(lines))) + "\n";
    }
}
