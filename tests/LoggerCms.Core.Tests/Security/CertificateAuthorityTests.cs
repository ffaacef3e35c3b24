using System.Security.Cryptography.X509Certificates;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;
using LoggerCms.Core.Tests.Tracing;

namespace LoggerCms.Core.Tests.Security;

public sealed class CertificateAuthorityTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempFolder _folder = new();
    private readonly TestClock _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private string Folder => _folder.File("ca");

    [Fact]
    public void TheFirstStartMakesItAndTheNextOnesLoadIt()
    {
        using var made = Open();
        using var loaded = Open();
        Assert.Equal(made.CertificatePem, loaded.CertificatePem);
        Assert.False(made.Certificate.HasPrivateKey);
        Assert.True(CaPinning.IsAuthority(made.Certificate));
        using var node = made.NodeCertificate("n1", []);
        using var again = loaded.NodeCertificate("n1", []);
        Assert.Equal(node.SerialNumber, again.SerialNumber);
        Assert.True(again.HasPrivateKey);
    }

    [Fact]
    public void ItsFilesAreForTheirOwnerOnly()
    {
        using var authority = Open();
        authority.NodeCertificate("n1", []).Dispose();
        authority.Revoked.Add("0A");
        Assert.Equal(["ca.pem", "node.pem", "revoked.txt"], Directory.GetFiles(Folder).Select(f => Path.GetFileName(f)).Order());
        Assert.All(Directory.GetFiles(Folder), f => Assert.Equal(OwnerOnly, TempFolder.ModeOf(f)));
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, TempFolder.ModeOf(Folder));
    }

    [Fact]
    public void ANodesCertificateIsForEveryNameAndNoOther()
    {
        using var authority = Open();
        using var node = authority.NodeCertificate("n1", ["cms.example.com", "192.0.2.4"]);
        foreach (var host in new[] { "localhost", "127.0.0.1", "::1", "[::1]", Environment.MachineName, "cms.example.com", "192.0.2.4" })
            Assert.Null(CaPinning.WhyNot(node, authority.Certificate, host, _clock));
        foreach (var host in new[] { "n1", "example.com", "x.cms.example.com", "192.0.2.5" })
            Assert.NotNull(CaPinning.WhyNot(node, authority.Certificate, host, _clock));
    }

    [Fact]
    public void AnotherAuthorityOfTheSameNameIsNotTrusted()
    {
        using var authority = Open();
        using var other = CertificateAuthority.Open(SystemFiles.Instance, _folder.File("other"), "Test", _clock);
        using var node = other.NodeCertificate("n1", []);
        Assert.NotNull(CaPinning.WhyNot(node, authority.Certificate, "localhost", _clock));
        Assert.Equal(
            ErrorCodes.CertificateNotTrusted,
            Assert.Throws<LoggerCmsException>(() => CaPinning.Validate(node, authority.Certificate, "localhost", _clock)).Code);
    }

    [Fact]
    public void TheAuthoritysOwnCertificateIsNoNodes()
    {
        using var authority = Open();
        Assert.NotNull(authority.WhyNot(authority.Certificate));
    }

    [Fact]
    public void ACertificateIsGoodNeitherBeforeNorAfterItsTime()
    {
        using var authority = Open();
        using var node = authority.NodeCertificate("n1", []);
        _clock.Advance(CertificateAuthority.NodeLifetime - TimeSpan.FromMinutes(1));
        Assert.Null(CaPinning.WhyNot(node, authority.Certificate, "localhost", _clock));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(CaPinning.WhyNot(node, authority.Certificate, "localhost", _clock));
        _clock.Advance(-CertificateAuthority.NodeLifetime - TimeSpan.FromHours(2));
        Assert.NotNull(CaPinning.WhyNot(node, authority.Certificate, "localhost", _clock));
    }

    [Fact]
    public void ItRenewsInTimeAndForNewNamesAndAfterARevocation()
    {
        using var authority = Open();
        using var first = authority.NodeCertificate("n1", []);
        _clock.Advance(CertificateAuthority.NodeLifetime - CertificateAuthority.RenewBefore - TimeSpan.FromDays(1));
        Assert.Equal(first.SerialNumber, Serial([]));
        _clock.Advance(TimeSpan.FromDays(1));
        var second = Serial([]);
        Assert.NotEqual(first.SerialNumber, second);
        Assert.Equal(second, Serial([]));
        var third = Serial(["cms.example.com"]);
        Assert.NotEqual(second, third);
        authority.Revoked.Add(third);
        Assert.NotEqual(third, Serial(["cms.example.com"]));

        string Serial(string[] names)
        {
            using var node = authority.NodeCertificate("n1", names);
            return node.SerialNumber;
        }
    }

    [Fact]
    public void ItWarnsOfAnEndWithTheDaysLeft()
    {
        using var authority = Open();
        using var node = authority.NodeCertificate("n1", []);
        Assert.Empty(authority.Warnings(node));
        _clock.Advance(CertificateAuthority.NodeLifetime - TimeSpan.FromDays(10));
        Assert.Equal(("the node", 10), Assert.Single(authority.Warnings(node)) is var warning ? (warning.What, warning.DaysLeft) : default);
        _clock.Advance(CertificateAuthority.AuthorityLifetime - CertificateAuthority.NodeLifetime);
        Assert.Equal(2, authority.Warnings(node).Count);
    }

    [Fact]
    public void AnAuthorityThatEndedSignsNothingMore()
    {
        using var authority = Open();
        _clock.Advance(CertificateAuthority.AuthorityLifetime - TimeSpan.FromDays(5));
        using (var last = authority.Issue("n1", ["localhost"]))
            Assert.Equal(authority.Certificate.NotAfter, last.NotAfter);
        _clock.Advance(TimeSpan.FromDays(5));
        Assert.Equal(ErrorCodes.CertificateNotTrusted, Assert.Throws<LoggerCmsException>(() => authority.Issue("n1", ["localhost"])).Code);
    }

    [Fact]
    public void ARevokedCertificateIsRefusedAlsoAfterARestart()
    {
        using var authority = Open();
        using var node = authority.Issue("n2", ["localhost"]);
        Assert.Null(authority.WhyNot(node));
        authority.Revoked.Add(node.SerialNumber);
        Assert.NotNull(authority.WhyNot(node));
        using var loaded = Open();
        Assert.NotNull(loaded.WhyNot(node));
    }

    [Fact]
    public void ADamagedFileIsRefusedAndLeftAsItIs()
        => SeededRounds.Run(50, random =>
        {
            using (var authority = Open())
            {
                authority.NodeCertificate("n1", []).Dispose();
                authority.Revoked.Add("0A");
            }

            foreach (var path in Directory.GetFiles(Folder))
            {
                var whole = File.ReadAllBytes(path);
                var bytes = whole.ToArray();
                if (random.Next(2) == 0)
                    bytes = bytes[..random.Next(bytes.Length - 10)];
                else
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(7));
                File.WriteAllBytes(path, bytes);
                try
                {
                    using var authority = Open();
                    using var node = authority.NodeCertificate("n1", []);
                    // Text around the PEM may be any, and a bit of its white space makes no difference.
                    Assert.True(Path.GetExtension(path) == ".pem");
                    Assert.Null(CaPinning.WhyNot(node, authority.Certificate, "localhost", _clock));
                }
                catch (LoggerCmsException exception)
                {
                    Assert.Contains(exception.Code, new[] { ErrorCodes.SecretDamaged, ErrorCodes.FormatNotSupported });
                    Assert.Equal(bytes, File.ReadAllBytes(path));
                }

                File.WriteAllBytes(path, whole);
            }
        });

    [Fact]
    public void AKeyThatFitsAnotherCertificateIsDamage()
    {
        using var authority = Open();
        using var other = CertificateAuthority.Open(SystemFiles.Instance, _folder.File("other"), "Test", _clock);
        var foreign = File.ReadAllText(Path.Combine(_folder.File("other"), "ca.pem"));
        var path = Path.Combine(Folder, "ca.pem");
        File.WriteAllText(path, authority.CertificatePem + foreign[foreign.IndexOf("-----BEGIN PRIVATE", StringComparison.Ordinal)..]);
        Assert.Equal(ErrorCodes.SecretDamaged, Assert.Throws<LoggerCmsException>(Open).Code);
    }

    [Fact]
    public void ALostAuthorityIsNotReplacedInSilence()
    {
        using (var authority = Open())
            authority.NodeCertificate("n1", []).Dispose();
        File.Delete(Path.Combine(Folder, "ca.pem"));
        Assert.Equal(ErrorCodes.SecretDamaged, Assert.Throws<LoggerCmsException>(Open).Code);
    }

    [Theory]
    [InlineData("ca.pem", UnixFileMode.GroupRead)]
    [InlineData("ca.pem", UnixFileMode.OtherRead)]
    [InlineData("ca.pem", UnixFileMode.OtherWrite)]
    [InlineData("revoked.txt", UnixFileMode.GroupWrite)]
    [InlineData(".", UnixFileMode.OtherWrite)]
    public void AFileThatOthersMayUseIsRefused(string name, UnixFileMode more)
    {
        using (var authority = Open())
            authority.Revoked.Add("0A");
        var path = Path.GetFullPath(Path.Combine(Folder, name));
        var mode = TempFolder.ModeOf(path);
        TempFolder.SetMode(path, mode | more);
        var exception = Assert.Throws<LoggerCmsException>(Open);
        Assert.Equal(ErrorCodes.SecretExposed, exception.Code);
        Assert.Contains("chmod", exception.Remedy, StringComparison.Ordinal);
        TempFolder.SetMode(path, mode);
        Open().Dispose();
    }

    [Fact]
    public void ALinkIsRefused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right of their own on Windows.");
        Open().Dispose();
        var path = Path.Combine(Folder, "ca.pem");
        File.Move(path, _folder.File("elsewhere.pem"));
        File.CreateSymbolicLink(path, _folder.File("elsewhere.pem"));
        Assert.Equal(ErrorCodes.SecretExposed, Assert.Throws<LoggerCmsException>(Open).Code);
    }

    [Theory]
    [InlineData("not a name")]
    [InlineData("")]
    [InlineData("http://x")]
    public void WhatIsNoNameIsRefused(string name)
    {
        using var authority = Open();
        Assert.Equal(ErrorCodes.InvalidOption, Assert.Throws<LoggerCmsException>(() => authority.NodeCertificate("n1", [name])).Code);
    }

    [Fact]
    public void SerialNumbersAndKeysAreNeverTheSameTwice()
    {
        using var authority = Open();
        var certificates = Enumerable.Range(0, 20).Select(_ => authority.Issue("n1", ["localhost"])).ToList();
        Assert.Equal(20, certificates.Select(c => c.SerialNumber).Distinct().Count());
        Assert.Equal(20, certificates.Select(c => Convert.ToHexString(c.GetPublicKey())).Distinct().Count());
        Assert.All(certificates, c => Assert.False(c.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority));
        certificates.ForEach(c => c.Dispose());
    }

    public void Dispose() => _folder.Dispose();

    private CertificateAuthority Open() => CertificateAuthority.Open(SystemFiles.Instance, Folder, "Test", _clock);
}
