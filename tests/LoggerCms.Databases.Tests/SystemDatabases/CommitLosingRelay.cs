using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace LoggerCms.Databases.Tests.SystemDatabases;

/// <summary>Stands between a client and the server; once it is told to, passes COMMIT on, and hangs up when the answer to it comes, or says nothing.</summary>
internal sealed class CommitLosingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly SideConnection _direct;
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly Task _running;
    private volatile bool _loses;
    private Action? _kept;

    private CommitLosingRelay(SideConnection connection)
    {
        _direct = connection;
        _server = new NpgsqlConnectionStringBuilder(connection.DataSource);
        _listener.Start();
        _running = RunAsync(_stop.Token);
    }

    public SideConnection Connection => _direct.With(
        new NpgsqlConnectionStringBuilder(_server.ConnectionString)
        {
            Host = "127.0.0.1",
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
            SslMode = SslMode.Disable,
        }.ConnectionString);

    public void LoseTheNext() => _loses = true;

    /// <summary>The answer does not come, and the connection stays.</summary>
    public void KeepTheNext(Action kept) => (_kept, _loses) = (kept, true);

    public static CommitLosingRelay Start(SideConnection connection) => new(connection);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var client = await _listener.AcceptTcpClientAsync(cancellationToken);
        using var server = new TcpClient();
        await server.ConnectAsync(_server.Host!, _server.Port, cancellationToken);
        var commit = 0;
        await Task.WhenAny(
            PassAsync(client, server, data =>
            {
                // With its end, because READ COMMITTED begins a transaction.
                if (_loses && data.IndexOf("COMMIT\0"u8) >= 0)
                    Volatile.Write(ref commit, 1);
                return true;
            }),
            PassAsync(server, client, _ => Volatile.Read(ref commit) == 0));
        if (_kept is { } kept)
        {
            // Who asks the server to cancel is refused.
            _listener.Stop();
            kept();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        async Task PassAsync(TcpClient from, TcpClient to, ReadOnlySpanPredicate goesOn)
        {
            var buffer = new byte[64 * 1024];
            int read;
            while ((read = await from.GetStream().ReadAsync(buffer, cancellationToken)) > 0 && goesOn(buffer.AsSpan(0, read)))
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    private delegate bool ReadOnlySpanPredicate(ReadOnlySpan<byte> data);
}
