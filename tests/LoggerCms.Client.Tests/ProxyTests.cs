using System.Net.NetworkInformation;

namespace LoggerCms.Client.Tests;

/// <summary>What a proxy of the environment has to do with a node.</summary>
public sealed class ProxyTests
{
    [Fact]
    public void This_machine_is_reached_without_one()
    {
        Assert.True(LocalHost.Is(new Uri("https://localhost:1/")));
        Assert.True(LocalHost.Is(new Uri($"https://{Environment.MachineName}:1/")));
        foreach (var own in NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(one => one.Address))
            Assert.True(LocalHost.Is(new UriBuilder("https", own.ToString(), 1).Uri), own.ToString());
        Assert.False(LocalHost.Is(new Uri("https://203.0.113.77:1/")));
        Assert.False(LocalHost.Is(new Uri("https://node.example:1/")));
    }

    [Theory]
    [InlineData(HttpRequestError.ConnectionError)]
    [InlineData(HttpRequestError.ProxyTunnelError)]
    public void A_failure_names_it_without_its_password_and_says_how_to_go_without(HttpRequestError error)
    {
        var failure = Failures.OfNetwork(
            new HttpRequestException(error, "no"), new Uri("https://node.example:1/"), new Uri("http://ann:secret@proxy.example:3128/"), rejected: null, limit: null);

        Assert.Equal(ErrorCodes.ServerUnreachable, failure.Exception.Code);
        Assert.False(failure.Begun);
        Assert.Contains("http://proxy.example:3128", failure.Exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.Exception.ToString(), StringComparison.Ordinal);
        Assert.Contains("'node.example' into NO_PROXY", failure.Exception.Remedy, StringComparison.Ordinal);
    }
}
