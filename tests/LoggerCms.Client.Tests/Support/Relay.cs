using System.Net;
using System.Net.Sockets;

namespace LoggerCms.Client.Tests.Support;

/// <summary>Stands between client and node on the same address, and does to their connections what a network does.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Uri _to;
    private readonly Task _loop;
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _dropAnswers;
    private volatile bool _hold;
    private int _connections;

    public Relay(Uri to)
    {
        _to = to;
        _listener.Start();
        Endpoint = new Uri($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _loop = AcceptAsync();
    }

    public Uri Endpoint { get; }

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Ends when something was held.</summary>
    public Task Held => _held.Task;

    /// <summary>The next answers are not handed on: the connection breaks where they would come.</summary>
    public void DropAnswers(int count) => Volatile.Write(ref _dropAnswers, count);

    /// <summary>From now on nothing is handed on in either direction.</summary>
    public void Hold() => _hold = true;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptSocketAsync(_end.Token);
            Interlocked.Increment(ref _connections);
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        using (var node = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            try
            {
                await node.ConnectAsync(IPAddress.Loopback, _to.Port, _end.Token);
                await Task.WhenAny(CopyAsync(client, node, areAnswers: false), CopyAsync(node, client, areAnswers: true));
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                // Either end has gone, or the test has.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool areAnswers)
    {
        var buffer = new byte[64 << 10];
        int count;
        while ((count = await from.ReceiveAsync(buffer, _end.Token)) > 0)
        {
            if (_hold)
            {
                _held.TrySetResult();
                await Task.Delay(Timeout.Infinite, _end.Token);
            }

            // An answer to a change is the one thing of this size; settings and acknowledgements of HTTP/2 are smaller.
            if (areAnswers && count > 100 && Volatile.Read(ref _dropAnswers) > 0)
            {
                Interlocked.Decrement(ref _dropAnswers);
                return;
            }

            await to.SendAsync(buffer.AsMemory(0, count), _end.Token);
        }
    }
}
