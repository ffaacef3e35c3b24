using System.Net;
using LoggerCms.Core.Security;
using Microsoft.AspNetCore.Connections;

namespace LoggerCms.Node.Http;

/// <summary>
/// Connections, before anything is known of who made them. From one address (IPv6: one /64) come at most a quarter of all that are taken, but from this
/// machine itself, and one on which nobody has had a good token is cut off where it is silent: or who reaches the port would shut out everybody else.
/// </summary>
internal sealed class Strangers(int mostConnections, TimeProvider time)
{
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(30);

    private readonly Tally<IPAddress> _addresses = new(long.MaxValue, Math.Max(1, mostConnections / 4));

    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = LogonThrottle.Block((connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None);
        var counts = !IPAddress.IsLoopback(address);
        if (counts && !_addresses.TryTake(address))
        {
            connection.Abort(new ConnectionAbortedException("Too many connections came from this address."));
            return;
        }

        try
        {
            var acquaintance = new Acquaintance();
            connection.Features.Set(acquaintance);
            using var watch = time.CreateTimer(_ => CutOffIfSilent(connection, acquaintance), null, LongestSilence, LongestSilence);
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            if (counts)
                _addresses.Give(address);
        }
    }

    private static void CutOffIfSilent(ConnectionContext connection, Acquaintance acquaintance)
    {
        if (!acquaintance.WasHeard())
            connection.Abort(new ConnectionAbortedException("Nobody has said anything here."));
    }
}

/// <summary>What came over a connection so far; a feature of it.</summary>
internal sealed class Acquaintance
{
    private volatile bool _isKnown;
    private volatile bool _isHeard;

    /// <summary>A request with a good token came.</summary>
    public void Meet() => _isKnown = true;

    /// <summary>A request of somebody unknown came.</summary>
    public void Hear() => _isHeard = true;

    /// <summary>Whether any request came since this was asked the last time, or one with a good token at any time.</summary>
    public bool WasHeard()
    {
        var wasHeard = _isKnown || _isHeard;
        _isHeard = false;
        return wasHeard;
    }
}
