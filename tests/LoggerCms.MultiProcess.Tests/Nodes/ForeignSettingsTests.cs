using System.Net;
using System.Net.Sockets;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>What other programs of the same framework are told by files and variables, and a node must not listen to.</summary>
public sealed class ForeignSettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-node").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Neither_a_file_in_the_working_folder_nor_a_variable_opens_another_endpoint()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "env -C is of GNU");
        int[] ports = [FreePort(), FreePort()];
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "appsettings.json"),
            """{"Kestrel":{"Endpoints":{"more":{"Url":"http://127.0.0.1:PORT"}}}}""".Replace("PORT", $"{ports[0]}", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        await using var node = await NodeProcess.StartAsync(
            Path.Combine(_folder, "home"), ["env", "-C", _folder, $"ASPNETCORE_URLS=http://127.0.0.1:{ports[1]}", $"Kestrel__Endpoints__more__Url=http://127.0.0.1:{ports[1]}"], "--port", "0");
        Assert.Equal(HttpStatusCode.OK, (await node.GetAsync("v1/node")).Status);
        foreach (var port in ports)
        {
            using var client = new TcpClient();
            var refused = await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken).AsTask());
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
