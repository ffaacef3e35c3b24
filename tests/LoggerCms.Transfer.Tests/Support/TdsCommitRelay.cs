using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Transfer.Tests.Support;

/// <summary>
/// Stands between a client and a SQL Server and hangs up at the first COMMIT after <see cref="Arm"/>: before the server gets it, or when its answer
/// comes. Connections must not be encrypted.
/// </summary>
/// <param name="side">The side to stand before.</param>
/// <param name="deliver">Whether the server gets that COMMIT.</param>
internal sealed class TdsCommitRelay(SideConnection side, bool deliver) : IAsyncDisposable
{
    private const byte TransactionManagerRequest = 0x0E;
    private const int PacketHeader = 8;
    private const ushort Commit = 7;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private Task _accepting = Task.CompletedTask;
    private volatile bool _armed;

    public bool HasCut { get; private set; }

    /// <summary>Begins to listen.</summary>
    /// <returns>The side through the relay.</returns>
    public SideConnection Start()
    {
        _listener.Start();
        _accepting = AcceptAsync();
        return side.With(new SqlConnectionStringBuilder(side.DataSource)
        {
            DataSource = $"127.0.0.1,{((IPEndPoint)_listener.LocalEndpoint).Port}",
            Encrypt = false,
            Pooling = false,
        }.ConnectionString);
    }

    public void Arm() => _armed = true;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }

        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(TcpClient client)
    {
        var address = new SqlConnectionStringBuilder(side.DataSource).DataSource.Split(',');
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(address[0], int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture), _end.Token);
                var committing = false;
                await await Task.WhenAny(
                    PassAsync(client, server, data =>
                    {
                        committing = _armed && IsCommit(data);
                        if (committing)
                            (_armed, HasCut) = (false, true);
                        return !committing || deliver;
                    }),
                    PassAsync(server, client, _ => !committing));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // One of the ends is gone.
            }
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to, GoesOn goesOn)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.GetStream().ReadAsync(buffer, _end.Token)) > 0 && goesOn(buffer.AsSpan(0, read)))
            await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _end.Token);
    }

    /// <summary>[MS-TDS] 2.2.6.9: all headers, which begin with their length, then the type of the request.</summary>
    private static bool IsCommit(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < PacketHeader + 4 || packet[0] != TransactionManagerRequest)
            return false;
        var body = packet[PacketHeader..];
        return BinaryPrimitives.ReadUInt16LittleEndian(body[BinaryPrimitives.ReadInt32LittleEndian(body)..]) == Commit;
    }

    private delegate bool GoesOn(ReadOnlySpan<byte> data);
}
