using System.Net;
using System.Net.Sockets;

namespace LoggerCms.MultiProcess.Tests.Support;

/// <summary>
/// Stands between a host and a PostgreSQL server and cuts the connection on which COMMIT goes by: before the server gets it,
/// or after the server has answered and before the host hears of it.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private static readonly byte[] Commit = "COMMIT"u8.ToArray();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _server;
    private readonly int _port;
    private readonly bool _deliver;
    private readonly bool _refuseAfterwards;
    private readonly Task _accepting;
    private volatile bool _armed;
    private volatile bool _cut;

    public CuttingProxy(string server, int port, bool deliver, bool refuseAfterwards)
    {
        (_server, _port, _deliver, _refuseAfterwards) = (server, port, deliver, refuseAfterwards);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public bool HasCut => _cut;

    /// <summary>From now on the next COMMIT is cut.</summary>
    public void Arm() => _armed = true;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                if (_cut && _refuseAfterwards)
                    client.Dispose();
                else
                    serving.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }

        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(_server, _port, _end.Token);
                using var cut = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
                var toServer = RequestsAsync(client.GetStream(), server.GetStream(), cut);
                var toClient = AnswersAsync(server.GetStream(), client.GetStream(), cut.Token);
                await Task.WhenAny(toServer, toClient);
                await cut.CancelAsync();
                await Task.WhenAll(toServer, toClient);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
            {
                // One of the ends is gone, or the cut was made.
            }
        }
    }

    private async Task RequestsAsync(NetworkStream client, NetworkStream server, CancellationTokenSource cut)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await client.ReadAsync(buffer, cut.Token)) > 0)
        {
            if (!_armed || _cut || buffer.AsSpan(0, count).IndexOf(Commit) < 0)
            {
                await server.WriteAsync(buffer.AsMemory(0, count), cut.Token);
                continue;
            }

            _cut = true;
            if (_deliver)
            {
                await server.WriteAsync(buffer.AsMemory(0, count), _end.Token);

                // The server answers once it has committed; the other direction no longer passes anything on.
                await _committed.Task.WaitAsync(TimeSpan.FromSeconds(20), _end.Token);
            }

            return;
        }
    }

    private async Task AnswersAsync(NetworkStream server, NetworkStream client, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await server.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (_cut && buffer.AsSpan(0, count).IndexOf(Commit) >= 0)
            {
                _committed.TrySetResult();
                return;
            }

            await client.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }
}
