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

    [Theory]
    [InlineData("::1", "[::1]")]
    [InlineData("127.0.0.2", "127.0.0.2")]
    public async Task A_node_at_an_address_of_its_own_is_reached_by_its_profile(string address, string host)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || address == "::1", "only Linux has all of 127.0.0.0/8");
        var data = TestHome.NewFolder();
        await using var node = (await Node.NodeHost.StartAsync(new Node.NodeSettings { Name = "own", DataPath = data, Port = 0, Address = address }.Complete()))!;
        using var client = await CmsClient.ConnectAsync(
            new CmsConnection { Profile = Path.Combine(data, "admin.profile.json") }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.StartsWith($"https://{host}:", client.Endpoint, StringComparison.Ordinal);
    }

    [Fact]
    public void The_profiles_token_goes_to_another_address_of_its_system()
    {
        var profile = LocalProfile.Read(Core.Files.SystemFiles.Instance, node.Profile);
        var route = NodeRoute.Of(new CmsConnection { Profile = node.Profile, Endpoint = new Uri("https://127.0.0.1:7499/"), CaCertificatePem = profile.CaCertificatePem });

        Assert.Equal(profile.Token, route.Token);
    }
}
