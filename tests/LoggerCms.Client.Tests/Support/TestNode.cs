using LoggerCms.Node;

namespace LoggerCms.Client.Tests.Support;

/// <summary>A node in this process, with a data folder of its own.</summary>
public sealed class TestNode : IAsyncLifetime
{
    private NodeHost? _host;
    private Task<int> _run = Task.FromResult(0);

    public string DataPath { get; } = TestHome.NewFolder();

    public string Profile => Path.Combine(DataPath, "admin.profile.json");

    public Uri Endpoint => _host!.Endpoint;

    public bool AuditsReads { get; init; }

    public long MemoryLimitMB { get; init; }

    public async ValueTask InitializeAsync()
    {
        _host = (await NodeHost.StartAsync(new NodeSettings { Name = "test", DataPath = DataPath, Port = 0, AuditReads = AuditsReads, MemoryLimitMB = MemoryLimitMB }.Complete()))!;
        _run = _host.RunAsync();
    }

    public Task<CmsClient> ConnectAsync(Uri? endpoint = null, string? token = null, CmsClientOptions? options = null)
        => CmsClient.ConnectAsync(
            new CmsConnection { Profile = Profile, Endpoint = endpoint, Token = token }, options, cancellationToken: TestContext.Current.CancellationToken);

    public async Task EndAsync()
    {
        if (_host is not { } host)
            return;
        _host = null;
        using (var client = await CmsClient.ConnectAsync(new CmsConnection { Profile = Profile }))
            await client.StopAsync(CancellationToken.None);
        await _run;
        await host.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await EndAsync();
}
