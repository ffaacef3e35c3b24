using System.Collections.Concurrent;
using LoggerCms.Core.Cluster;

namespace LoggerCms.Node.Http;

/// <summary>
/// The turns of plans that take long: everybody's changes wait for each of them. So a caller who makes such has one plan at a time, and the next only after
/// the one before has been over for as long as it took; and while there is one, nobody waits for it on a socket's thread, where others could not be heard.
/// </summary>
internal sealed class LongPlans(TimeProvider time)
{
    private static readonly TimeSpan Long = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);

    // Of each user who ever made one.
    private readonly ConcurrentDictionary<long, Turns> _callers = [];
    private int _underWay;

    /// <param name="service">Makes the changes.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="request">The request.</param>
    /// <param name="guard">Decides what the caller may.</param>
    /// <exception cref="LoggerCmsException">As <see cref="NodeService.ChangeAsync(Caller, ChangeRequest, NodeGuard)"/>.</exception>
    public async ValueTask<WriteAnswer> ChangeAsync(NodeService service, Caller caller, ChangeRequest request, NodeGuard guard)
    {
        if (Volatile.Read(ref _underWay) > 0)
            await ObjectEndpoints.LeaveTheSocketsThread();
        if (_callers.TryGetValue(caller.PrincipalId, out var own) && time.GetElapsedTime(own.LastLong) < Memory)
            return await InTurnAsync(own, service, caller, request, guard).ConfigureAwait(false);
        try
        {
            return await service.ChangeAsync(caller, request with { MayTakeLong = false }, guard).ConfigureAwait(false);
        }
        catch (TakesLongException)
        {
            // In its turn, from the beginning; and whatever its caller sends for some time, also who does not wait for the turn.
            own = _callers.GetOrAdd(caller.PrincipalId, static _ => new Turns());
            own.LastLong = time.GetTimestamp();
        }

        return await InTurnAsync(own, service, caller, request, guard).ConfigureAwait(false);
    }

    private async Task<WriteAnswer> InTurnAsync(Turns own, NodeService service, Caller caller, ChangeRequest request, NodeGuard guard)
    {
        await own.Turn.WaitAsync(request.Gone).ConfigureAwait(false);
        try
        {
            var wait = own.Rest - time.GetElapsedTime(own.Ended);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time, request.Gone).ConfigureAwait(false);
            await ObjectEndpoints.LeaveTheSocketsThread();
            return await PlanAsync(own, service, caller, request, guard).ConfigureAwait(false);
        }
        finally
        {
            own.Turn.Release();
        }
    }

    private ValueTask<WriteAnswer> PlanAsync(Turns own, NodeService service, Caller caller, ChangeRequest request, NodeGuard guard)
    {
        var started = time.GetTimestamp();
        Interlocked.Increment(ref _underWay);
        try
        {
            // What is waited for from here on is the disk.
            return service.ChangeAsync(caller, request, guard);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
            (own.Ended, own.Rest) = (time.GetTimestamp(), time.GetElapsedTime(started));
            if (own.Rest > Long)
                own.LastLong = own.Ended;
        }
    }

    private sealed class Turns
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public long Ended { get; set; }

        public TimeSpan Rest { get; set; }

        public long LastLong { get; set; }
    }
}
