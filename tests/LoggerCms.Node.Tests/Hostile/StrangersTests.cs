using System.Net;
using LoggerCms.Node.Http;
using LoggerCms.Transfer.Tests.Support;
using Microsoft.AspNetCore.Connections;

namespace LoggerCms.Node.Tests.Hostile;

/// <summary>Connections of whoever reaches the port.</summary>
public sealed class StrangersTests
{
    private readonly ManualTime _time = new();
    private readonly TaskCompletionSource _end = new();

    [Fact]
    public async Task One_address_does_not_get_all_connections_and_this_machine_is_not_shut_out()
    {
        var strangers = new Strangers(mostConnections: 40, _time);
        var first = Enumerable.Range(0, 11).Select(_ => Connect(strangers, "192.0.2.1")).ToList();
        Assert.All(first.Take(10), c => Assert.False(c.Served.IsCompleted));
        Assert.True(first[10].Served.IsCompletedSuccessfully && first[10].Connection.IsCut);
        Assert.False(Connect(strangers, "192.0.2.2").Served.IsCompleted);
        Assert.All(Enumerable.Range(0, 30).Select(_ => Connect(strangers, "127.0.0.1")), c => Assert.False(c.Served.IsCompleted));
        _end.SetResult();
        await Task.WhenAll(first.Select(c => c.Served));
        Assert.Equal(40, Enumerable.Range(0, 40).Count(_ => Connect(strangers, "192.0.2.1").Served.IsCompletedSuccessfully));
    }

    [Fact]
    public void Who_says_nothing_is_cut_off_and_who_has_a_good_token_is_not()
    {
        var strangers = new Strangers(mostConnections: 40, _time);
        var (silent, heard, known) = (Connect(strangers, "192.0.2.1").Connection, Connect(strangers, "192.0.2.1").Connection, Connect(strangers, "192.0.2.1").Connection);
        heard.Features.Get<Acquaintance>()!.Hear();
        known.Features.Get<Acquaintance>()!.Meet();
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((true, false, false), (silent.IsCut, heard.IsCut, known.IsCut));
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((true, false), (heard.IsCut, known.IsCut));
    }

    private (CutConnection Connection, Task Served) Connect(Strangers strangers, string address)
    {
        var connection = new CutConnection { RemoteEndPoint = new IPEndPoint(IPAddress.Parse(address), 1) };
        return (connection, strangers.ServeAsync(connection, _ => _end.Task));
    }

    /// <summary>Tells that it was cut at once; the base tells it on another thread, whenever one is free.</summary>
    private sealed class CutConnection : DefaultConnectionContext
    {
        public bool IsCut { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsCut = true;
    }
}
