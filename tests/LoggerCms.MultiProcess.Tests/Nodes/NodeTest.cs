using System.Net.Security;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>A test with a node in a process of its own, in a folder that goes with it.</summary>
public abstract class NodeTest(params string[] arguments) : IAsyncLifetime
{
    private readonly string _home = Directory.CreateTempSubdirectory("loggercms-node").FullName;
    private NodeProcess? _node;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected NodeProcess Node => _node!;

    public async ValueTask InitializeAsync() => _node = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        Directory.Delete(_home, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>After the node ended: another one in the same folder.</summary>
    private protected async Task RestartAsync()
    {
        await Node.DisposeAsync();
        _node = await StartAsync();
    }

    /// <summary>Trusts any certificate, and sends no token by itself.</summary>
    private protected static HttpClient Client()
        => new(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true } });

    private Task<NodeProcess> StartAsync() => NodeProcess.StartAsync(_home, null, ["--port", "0", .. arguments]);
}
