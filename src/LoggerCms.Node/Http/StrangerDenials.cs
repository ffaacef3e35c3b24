using System.Net;
using System.Runtime.InteropServices;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.Security;

namespace LoggerCms.Node.Http;

/// <summary>
/// Denials of requests that name no caller. The first from an address (IPv6: from a /64) is an event of its own; what follows within a minute is one
/// more, with how many there were. With an event each, whoever reaches the port could write the audit database full.
/// </summary>
internal sealed class StrangerDenials : IAsyncDisposable
{
    private const string Further = "Requests without a good token";

    // Of further ones the denials are counted together.
    private const int MostAddresses = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly NodeAudit _audit;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Task _loop;
    private Dictionary<IPAddress, long> _further = [];

    public StrangerDenials(NodeAudit audit, TimeProvider time)
    {
        _audit = audit;
        _time = time;
        _loop = RunAsync();
    }

    public Task NoteAsync(IPAddress address, string action, string why)
    {
        var from = LogonThrottle.Block(address);
        lock (_lock)
        {
            if (_further.Count >= MostAddresses && !_further.ContainsKey(from))
                from = IPAddress.None;
            ref var further = ref CollectionsMarshal.GetValueRefOrAddDefault(_further, from, out var isKnown);
            if (isKnown)
            {
                further++;
                return Task.CompletedTask;
            }
        }

        return RecordAsync(address, action, why);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await TellAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            await TellAsync().ConfigureAwait(false);
    }

    private async Task TellAsync()
    {
        Dictionary<IPAddress, long> told;
        lock (_lock)
            (told, _further) = (_further, []);
        foreach (var (address, count) in told.Where(t => t.Value > 0))
            await RecordAsync(address, Further, $"{count:N0} further requests were denied within a minute.").ConfigureAwait(false);
    }

    private Task RecordAsync(IPAddress address, string action, string detail)
        => _audit.RecordAsync(action, AuditResult.Denied, 0, "", address.ToString(), detail);
}
