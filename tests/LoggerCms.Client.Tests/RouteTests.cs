using LoggerCms.Core.Security;

namespace LoggerCms.Client.Tests;

/// <summary>To whom the profile's token may go.</summary>
public sealed class RouteTests(TestNode node) : IClassFixture<TestNode>
{
    [Fact]
    public void The_profiles_token_goes_to_no_system_but_the_profiles()
    {
        using var foreign = CertificateMaker.Authority("Foreign CA", DateTimeOffset.UtcNow, TimeSpan.FromDays(10));
        var connection = new CmsConnection
        {
            Profile = node.Profile,
            Endpoint = new Uri("https://127.0.0.1:7499/"),
            CaCertificatePem = foreign.ExportCertificatePem(),
        };

        var failure = Assert.Throws<LoggerCmsException>(() => NodeRoute.Of(connection));

        Assert.Equal(ErrorCodes.InvalidConnection, failure.Code);
        Assert.Contains(node.Profile, failure.Message, StringComparison.Ordinal);
        Assert.Contains("-Token", failure.Remedy, StringComparison.Ordinal);
        Assert.Equal("lcms_given", NodeRoute.Of(connection with { Token = "lcms_given" }).Token);
        Assert.Equal("", NodeRoute.Of(connection with { Credential = new("user", "password") }).Token);
    }

    [Fact]
    public async Task A_node_at_an_IPv6_address_is_reached_by_its_profile()
    {
        var data = TestHome.NewFolder();
        await using var host = await Node.NodeHost.StartAsync(new Node.NodeSettings { Name = "six", DataPath = data, Port = 0, Address = "::1" }.Complete());
        using var client = await CmsClient.ConnectAsync(
            new CmsConnection { Profile = Path.Combine(data, "admin.profile.json") }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.StartsWith("https://[::1]:", client.Endpoint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_profiles_token_goes_to_another_address_of_its_system()
    {
        var profile = LocalProfile.Read(Core.Files.SystemFiles.Instance, node.Profile);
        var route = NodeRoute.Of(new CmsConnection { Profile = node.Profile, Endpoint = new Uri("https://127.0.0.1:7499/"), CaCertificatePem = profile.CaCertificatePem });

        Assert.Equal(profile.Token, route.Token);
    }
}
