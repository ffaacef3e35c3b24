using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Tests.Security;

/// <summary>Real handshakes over a socket of this machine.</summary>
public sealed class TlsHandshakeTests : IDisposable
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    private readonly TempFolder _folder = new();
    private readonly CertificateAuthority _authority;

    public TlsHandshakeTests() => _authority = Open("ours");

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    public async Task AClientThatPinsTheAuthorityTalksToTheNode(string host)
    {
        using var node = _authority.NodeCertificate("n1", []);
        Assert.Null(await HandshakeAsync(node, null, host, _authority.Certificate));
    }

    [Fact]
    public async Task ANodeOfAnotherAuthorityIsRefused()
    {
        using var other = Open("other");
        using var node = other.NodeCertificate("n1", []);
        Assert.NotNull(await HandshakeAsync(node, null, "localhost", _authority.Certificate));
    }

    [Fact]
    public async Task ANodeOfAnotherAuthorityThatSendsOursBesideItIsRefused()
    {
        using var other = Open("other");
        using var node = other.NodeCertificate("n1", []);
        Assert.NotNull(await HandshakeAsync(node, [_authority.Certificate], "localhost", _authority.Certificate));
    }

    [Fact]
    public async Task ANodeThatAnswersToAnotherNameIsRefused()
    {
        using var node = _authority.Issue("n2", ["elsewhere.example.com"]);
        Assert.NotNull(await HandshakeAsync(node, null, "localhost", _authority.Certificate));
    }

    [Fact]
    public async Task ANodesCertificateSignsNoFurtherOnes()
    {
        using var node = _authority.NodeCertificate("n1", []);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signer = node.GetECDsaPrivateKey()!;
        var request = new CertificateRequest("CN=n2", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(
            node.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), node.NotBefore, node.NotAfter, [1, 2, 3]);
        using var forged = signed.CopyWithPrivateKey(key);
        Assert.NotNull(await HandshakeAsync(forged, [node], "localhost", _authority.Certificate));
    }

    [Fact]
    public async Task TheCertificateThatWasReadBackServesToo()
    {
        _authority.NodeCertificate("n1", []).Dispose();
        using var again = Open("ours");
        using var node = again.NodeCertificate("n1", []);
        Assert.Null(await HandshakeAsync(node, null, "localhost", _authority.Certificate));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    /// <returns>Why the client refused; null where a byte went through.</returns>
    private static async Task<string?> HandshakeAsync(
        X509Certificate2 server, X509Certificate2Collection? beside, string host, X509Certificate2 pinned)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, SslStreamCertificateContext.Create(server, beside, offline: true));
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Cancel);
        string? refused = null;
        try
        {
            using var stream = new SslStream(client.GetStream());
            var options = new SslClientAuthenticationOptions
            {
                TargetHost = host,
                RemoteCertificateValidationCallback = CaPinning.Callback(pinned, host, TimeProvider.System, why => refused = why),
            };
            await stream.AuthenticateAsClientAsync(options, Cancel);
            Assert.Equal(42, stream.ReadByte());
        }
        catch (AuthenticationException)
        {
            Assert.NotNull(refused);
        }

        client.Close();
        await serving;
        return refused;
    }

    private static async Task ServeAsync(TcpListener listener, SslStreamCertificateContext context)
    {
        using var accepted = await listener.AcceptTcpClientAsync(Cancel);
        using var stream = new SslStream(accepted.GetStream());
        try
        {
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context }, Cancel);
            await stream.WriteAsync(new byte[] { 42 }, Cancel);
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            // The client hung up, which is its answer.
        }
    }

    private CertificateAuthority Open(string name) => CertificateAuthority.Open(SystemFiles.Instance, _folder.File(name), "Test", TimeProvider.System);
}
