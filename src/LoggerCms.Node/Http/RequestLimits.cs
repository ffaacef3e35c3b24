using System.Net;
using System.Threading.RateLimiting;
using LoggerCms.Core.Security;

namespace LoggerCms.Node.Http;

/// <summary>
/// How many requests a second are taken from one caller, and from one address whose requests name no caller. Who sends more is refused, and the others
/// are served on. A caller may send the requests of one second at once.
/// </summary>
internal sealed class RequestLimits(NodeSettings settings) : IDisposable
{
    private const int PartsOfSecond = 10;

    private readonly PartitionedRateLimiter<long> _callers = Create<long>(settings.MostRequestsPerSecond);
    private readonly PartitionedRateLimiter<IPAddress> _strangers = Create<IPAddress>(settings.MostStrangerRequestsPerSecond);

    /// <exception cref="LoggerCmsException">LimitExceeded.</exception>
    public void TakeFrom(Caller caller)
    {
        using var lease = _callers.AttemptAcquire(caller.PrincipalId);
        if (!lease.IsAcquired)
            throw TooMany($"the user with id {caller.PrincipalId}", settings.MostRequestsPerSecond, nameof(settings.MostRequestsPerSecond));
    }

    /// <exception cref="LoggerCmsException">LimitExceeded.</exception>
    public void TakeFromStranger(IPAddress address)
    {
        using var lease = _strangers.AttemptAcquire(LogonThrottle.Block(address));
        if (!lease.IsAcquired)
            throw TooMany($"{address} without a good token", settings.MostStrangerRequestsPerSecond, nameof(settings.MostStrangerRequestsPerSecond));
    }

    public void Dispose()
    {
        _callers.Dispose();
        _strangers.Dispose();
    }

    private static PartitionedRateLimiter<T> Create<T>(int perSecond)
        where T : notnull
    {
        var atOnce = Math.Max(1, perSecond / PartsOfSecond);
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = perSecond,
            TokensPerPeriod = atOnce,
            ReplenishmentPeriod = TimeSpan.FromSeconds((double)atOnce / perSecond),
        };
        return PartitionedRateLimiter.Create<T, T>(who => RateLimitPartition.GetTokenBucketLimiter(who, _ => options));
    }

    private static LoggerCmsException TooMany(string who, int limit, string setting) => new(
        ErrorCodes.LimitExceeded,
        $"More than {limit:N0} requests a second came from {who}.",
        $"Send several changes in one request, or wait a second and go on. The node's setting {setting} has the bound.");
}
