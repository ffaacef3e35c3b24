using System.Net;
using System.Runtime.InteropServices;
using LoggerCms.Core.Auditing;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Node.Http;

/// <summary>
/// Requests that were denied, on their way to the audit. Of a minute, the first from an address without a good token (IPv6: from a /64), and the first
/// hundred of a caller, are events of their own; what follows is one more, with how many there were. With an event each, whoever reaches the port, or
/// has any token, could write the audit database full.
/// </summary>
internal sealed class Denials : IAsyncDisposable
{
    private const int OwnOfCaller = 100;
    private const int OwnOfStranger = 1;
    private const string Further = "Requests that were denied";
    private const string FurtherOfStrangers = "Requests without a good token";

    // Of further addresses the denials are counted together.
    private const int MostAddresses = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly NodeAudit _audit;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Task _loop;
    private Dictionary<Who, long> _counts = [];

    public Denials(NodeAudit audit, TimeProvider time)
    {
        _audit = audit;
        _time = time;
        _loop = RunAsync();
    }

    /// <summary>Whether somebody was kept from something, rather than wrong.</summary>
    public static bool IsOne(LoggerCmsException exception)
        => exception.DeniedObjectId is not null || exception.Code is ErrorCodes.Forbidden or ErrorCodes.Unauthenticated;

    /// <summary>A request that names no caller.</summary>
    public Task NoteAsync(IPAddress address, Attempt attempt, LoggerCmsException denial)
        => IsOwn(new Who(0, LogonThrottle.Block(address)))
            ? _audit.RecordAsync(attempt.Action, AuditResult.Denied, 0, attempt.User, address.ToString(), attempt.Tell(null, denial))
            : Task.CompletedTask;

    /// <summary>A caller's.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="attempt">What it asked.</param>
    /// <param name="denial">What it was told.</param>
    /// <param name="view">Of the objects as they are.</param>
    public Task NoteAsync(Caller caller, Attempt attempt, LoggerCmsException denial, IObjectView view)
    {
        if (!IsOwn(new Who(caller.PrincipalId, IPAddress.None)))
            return Task.CompletedTask;
        if (attempt is { ObjectId: 0, Target: null })
            attempt = attempt with { ObjectId = denial.DeniedObjectId ?? 0 };
        return _audit.RecordAsync(
            attempt.Action, AuditResult.Denied, caller.PrincipalId, "", caller.Address, attempt.Tell(view, denial), attempt.ObjectId, attempt.Target);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await TellAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private bool IsOwn(Who who)
    {
        lock (_lock)
        {
            if (who.IsStranger && _counts.Count >= MostAddresses && !_counts.ContainsKey(who))
                who = new Who(0, IPAddress.None);
            return ++CollectionsMarshal.GetValueRefOrAddDefault(_counts, who, out _) <= who.Own;
        }
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, _time);
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
            await TellAsync().ConfigureAwait(false);
    }

    private async Task TellAsync()
    {
        Dictionary<Who, long> told;
        lock (_lock)
            (told, _counts) = (_counts, []);
        foreach (var (who, count) in told)
        {
            if (count <= who.Own)
                continue;
            await _audit.RecordAsync(
                who.IsStranger ? FurtherOfStrangers : Further,
                AuditResult.Denied,
                who.PrincipalId,
                "",
                who.IsStranger ? who.Address.ToString() : "",
                $"{count - who.Own:N0} further requests were denied within a minute.").ConfigureAwait(false);
        }
    }

    /// <param name="PrincipalId">The caller; 0 for one that is not known.</param>
    /// <param name="Address">Of one that is not known.</param>
    private readonly record struct Who(long PrincipalId, IPAddress Address)
    {
        public bool IsStranger => PrincipalId == 0;

        /// <summary>So many of a minute are events of their own.</summary>
        public int Own => IsStranger ? OwnOfStranger : OwnOfCaller;
    }
}
