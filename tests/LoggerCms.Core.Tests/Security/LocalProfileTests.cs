using LoggerCms.Core.Files;
using LoggerCms.Core.Security;
using LoggerCms.Core.Tests.Temp;

namespace LoggerCms.Core.Tests.Security;

public sealed class LocalProfileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string FilePath => LocalProfile.PathOf(home: _folder.Path);

    [Fact]
    public void WhatANodeWritesItsClientReads()
    {
        var written = Write();
        var read = LocalProfile.Read(SystemFiles.Instance, FilePath);
        Assert.Equal((written.Endpoint, written.CaCertificatePem, written.Token), (read.Endpoint, read.CaCertificatePem, read.Token));
        Assert.Equal(_folder.File(Path.Combine("cms", "admin.profile.json")), FilePath);
        using var authority = read.Authority();
        Assert.True(CaPinning.IsAuthority(authority));
    }

    [Fact]
    public void OnlyItsOwnerMayReadIt()
    {
        Write();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, TempFolder.ModeOf(FilePath));
        TempFolder.SetMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Equal(ErrorCodes.SecretExposed, Refusal().Code);
    }

    [Fact]
    public void RootIsToldHowToGoByOneOfAServicesAccount()
    {
        Machine.NeedsRoot();
        Write();
        Machine.Run("chown", "nobody", FilePath);

        var refusal = Refusal();

        Assert.Equal(ErrorCodes.SecretExposed, refusal.Code);
        Assert.Contains("nobody (uid ", refusal.Message, StringComparison.Ordinal);
        var own = LocalProfile.PathOf("nobody", LoggerHome.OfUser());
        Assert.StartsWith($"install -D -m 600 '{FilePath}' '{own}'\n", refusal.Remedy, StringComparison.Ordinal);
        Assert.Contains("Connect-Cms -Profile nobody\n", refusal.Remedy, StringComparison.Ordinal);

        // As the command does it, to a place of this test.
        var copy = _folder.File(Path.Combine("mine", "svc.profile.json"));
        Machine.Run("install", "-D", "-m", "600", FilePath, copy);
        Assert.NotNull(LocalProfile.Read(SystemFiles.Instance, copy));
    }

    [Fact]
    public void AMissingOneSaysHowToGetOne()
        => Assert.Equal(ErrorCodes.ProfileNotFound, Refusal().Code);

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", ErrorCodes.FormatNotSupported)]
    [InlineData("loggercms-profile", "something-else", ErrorCodes.SecretDamaged)]
    [InlineData("https://", "http://", ErrorCodes.SecretDamaged)]
    [InlineData("lcms_", "lcmx_", ErrorCodes.SecretDamaged)]
    [InlineData("BEGIN CERTIFICATE", "BEGIN NOTHING", ErrorCodes.SecretDamaged)]
    [InlineData("{", "[", ErrorCodes.SecretDamaged)]
    [InlineData("\"token\"", "\"magic\"", ErrorCodes.SecretDamaged)]
    public void AChangedOneIsRefused(string was, string now, string code)
    {
        Write();
        var text = File.ReadAllText(FilePath);
        Assert.Contains(was, text, StringComparison.Ordinal);
        File.WriteAllText(FilePath, text.Replace(was, now, StringComparison.Ordinal));
        Assert.Equal(code, Refusal().Code);
    }

    [Fact]
    public void AnyBytesAreReadOrRefusedWithoutTellingTheToken()
    {
        var token = Write().Token;
        var whole = File.ReadAllBytes(FilePath);
        SeededRounds.Run(1000, random =>
        {
            var bytes = whole.ToArray();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            File.WriteAllBytes(FilePath, bytes);
            try
            {
                LocalProfile.Read(SystemFiles.Instance, FilePath);
            }
            catch (LoggerCmsException exception)
            {
                Assert.Contains(exception.Code, new[] { ErrorCodes.SecretDamaged, ErrorCodes.FormatNotSupported });
                Assert.DoesNotContain(token[^20..], exception.ToString(), StringComparison.Ordinal);
            }
        });
    }

    [Fact]
    public async Task NodesThatStartAtOnceTakeTurnsAtTheProfileWithoutAName()
    {
        var profile = Write();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
        {
            for (var round = 0; round < 8; round++)
                await profile.PublishAsync(SystemFiles.Instance, [LocalProfile.DefaultName, $"node {i}"], _folder.Path);
        })));

        Assert.Equal(profile.Token, LocalProfile.Read(SystemFiles.Instance, FilePath).Token);
        Assert.Equal(9, Directory.GetFiles(_folder.File("cms"), "*.profile.json").Length);
        Assert.Empty(Directory.GetFiles(_folder.File("cms"), "*.partial"));
    }

    [Fact]
    public void ItsTextHasNoToken()
    {
        var profile = Write();
        Assert.DoesNotContain(profile.Token, profile.ToString(), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private LoggerCmsException Refusal() => Assert.Throws<LoggerCmsException>(() => LocalProfile.Read(SystemFiles.Instance, FilePath));

    private LocalProfile Write()
    {
        using var authority = CertificateAuthority.Open(SystemFiles.Instance, _folder.File("ca"), "Test", TimeProvider.System);
        var token = new TokenService(TimeProvider.System).Issue(BuiltIn.Administrator, "first start", TimeSpan.FromDays(1)).Text;
        var profile = new LocalProfile { Endpoint = new Uri("https://localhost:6400/"), CaCertificatePem = authority.CertificatePem, Token = token };
        profile.Write(SystemFiles.Instance, FilePath);
        return profile;
    }
}
