using System.Security.Cryptography.X509Certificates;
using System.Text;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Security;

/// <summary>
/// A certificate and its key in one owner-only PEM file, so that no crash can part them. Its checksum is the certificate's own signature, and that the
/// key fits the certificate.
/// </summary>
internal static class CertificateFile
{
    /// <returns>Null where there is no such file.</returns>
    /// <exception cref="LoggerCmsException">SecretExposed or SecretDamaged.</exception>
    public static X509Certificate2? Read(IFileLayer files, string path)
    {
        if (SecretFile.Read(files, path) is not { } bytes)
            return null;
        try
        {
            var text = Encoding.ASCII.GetString(bytes);
            var certificate = X509Certificate2.CreateFromPem(text, text);
            if (certificate.GetECDsaPrivateKey() is { } key)
            {
                key.Dispose();
                return Usable(certificate);
            }

            certificate.Dispose();
            throw SecretFile.Damaged(path, "its key is not one on P-256");
        }
        catch (Exception exception) when (CaPinning.IsOfCertificate(exception))
        {
            throw SecretFile.Damaged(path, "it holds no certificate with the key that fits it", exception);
        }
    }

    /// <exception cref="LoggerCmsException">The folder cannot be used, or the disk is full.</exception>
    public static void Write(IFileLayer files, string path, X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        SecretFile.Write(files, path, Encoding.ASCII.GetBytes($"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n"));
    }

    /// <summary>The same certificate with its key as a TLS server can use it: Windows takes none whose key is in memory only.</summary>
    public static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
            return certificate;
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null, X509KeyStorageFlags.Exportable);
    }
}
