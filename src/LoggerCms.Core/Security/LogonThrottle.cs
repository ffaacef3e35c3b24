using System.Net;
using System.Net.Sockets;

namespace LoggerCms.Core.Security;

/// <summary>A try at a logon that was let through.</summary>
internal readonly record struct LogonTry(IPAddress Address, string Account, bool IsKnown);

/// <summary>
/// Slows down who guesses passwords. An address that fails waits ever longer (up to 15 minutes), and an account that is tried in vain, from
/// wherever, lets only one try a minute through. Nobody is locked out for good: an address that the account was logged on from counts only its own
/// failures with that account, this machine's own addresses are not held up by what others do to the account, no wait has more than its stated
/// length, and tokens are not asked about here at all.
/// </summary>
/// <remarks>Safe for several callers. Holds at most some tens of thousands of entries, in memory only.</remarks>
internal sealed class LogonThrottle(TimeProvider time)
{
    public static readonly TimeSpan LongestForAddress = TimeSpan.FromMinutes(15);
    public static readonly TimeSpan LongestForAccount = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LongestForThisMachine = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestForOthers = TimeSpan.FromSeconds(20);

    // Tries that wait for others to end; more are refused.
    private const int MostWaiting = 256;
    private const int Capacity = 10_000;
    private const int MaxAccountLength = 256;

    private readonly Lock _lock = new();
    private readonly FailureTable<IPAddress> _addresses = new(time, free: 5, Capacity);
    private readonly FailureTable<string> _accounts = new(time, free: 10, Capacity);
    private readonly FailureTable<(IPAddress, string)> _pairs = new(time, free: 5, Capacity);
    private readonly Dictionary<(IPAddress, string), long> _known = [];
    private TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;

    /// <summary>How many entries are held.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _addresses.Count + _accounts.Count + _pairs.Count + _known.Count;
        }
    }

    /// <summary>
    /// Counts a try, as failed until <see cref="End"/> says otherwise, so that tries side by side do not slip through. One that comes too soon is
    /// refused and does not count; where that is only so because others are under way, it waits until they have ended.
    /// </summary>
    /// <returns>To be given to <see cref="End"/>, whatever becomes of it.</returns>
    /// <exception cref="LoggerCmsException">LimitExceeded: the client must wait, and for how long.</exception>
    public async Task<LogonTry> BeginAsync(IPAddress address, string account, CancellationToken cancellationToken)
    {
        var (from, name) = Keys(address, account);
        var since = time.GetTimestamp();
        while (true)
        {
            Task ended;
            lock (_lock)
            {
                var isKnown = _known.ContainsKey((from, name));
                var (wait, mayBeFreed) = Wait(from, name, isKnown);
                if (wait == TimeSpan.Zero)
                    return Counted(new LogonTry(from, name, isKnown));
                if (!mayBeFreed)
                    throw Refused($"Too many logons failed. The next one is looked at in {Math.Ceiling(wait.TotalSeconds)} s.");
                if (_waiting == MostWaiting || time.GetElapsedTime(since) >= LongestForOthers)
                    throw Refused("Too many logons are under way.");
                _waiting++;
                ended = _ended.Task;
            }

            try
            {
                await ended.WaitAsync(LongestForOthers, time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // It is looked at once more, and then refused.
            }
            finally
            {
                lock (_lock)
                    _waiting--;
            }
        }
    }

    /// <summary>Begins a try, looks, and ends it: as failed where that throws.</summary>
    /// <exception cref="LoggerCmsException">As <see cref="BeginAsync"/>; what the look throws.</exception>
    public async Task<T> TryAsync<T>(IPAddress address, string account, Func<Task<T>> look, Func<T, bool> isRight, CancellationToken cancellationToken)
    {
        var attempt = await BeginAsync(address, account, cancellationToken).ConfigureAwait(false);
        var hasFailed = true;
        try
        {
            var found = await look().ConfigureAwait(false);
            hasFailed = !isRight(found);
            return found;
        }
        finally
        {
            End(attempt, hasFailed);
        }
    }

    /// <summary>
    /// The address is known for this account once a try was right. Only this one try is taken back then, or whoever has one account could wipe out,
    /// with it, the traces of guessing at others.
    /// </summary>
    public void End(LogonTry attempt, bool hasFailed)
    {
        var key = (attempt.Address, attempt.Account);
        lock (_lock)
        {
            if (attempt.IsKnown)
            {
                _pairs.End(key, hasFailed);
            }
            else
            {
                _addresses.End(attempt.Address, hasFailed);
                _accounts.End(attempt.Account, hasFailed);
            }

            if (!hasFailed)
                Know(key);
            _ended.SetResult();
            _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void Know((IPAddress Address, string Account) key)
    {
        if (_known.Count >= Capacity && !_known.ContainsKey(key))
        {
            foreach (var old in _known.OrderBy(e => e.Value).Take((Capacity / 4) + 1).Select(e => e.Key).ToList())
                _known.Remove(old);
        }

        _known[key] = time.GetTimestamp();
    }

    private LogonTry Counted(LogonTry attempt)
    {
        if (attempt.IsKnown)
        {
            _pairs.Begin((attempt.Address, attempt.Account));
        }
        else
        {
            _addresses.Begin(attempt.Address);
            _accounts.Begin(attempt.Account);
        }

        return attempt;
    }

    private static LoggerCmsException Refused(string why) => new(ErrorCodes.LimitExceeded, why, "Wait, then try again; a token is not held up.")
    {
        DeniedObjectId = 0,
    };

    private (TimeSpan Wait, bool MayBeFreed) Wait(IPAddress from, string name, bool isKnown)
    {
        if (isKnown)
            return (_pairs.Wait((from, name), IPAddress.IsLoopback(from) ? LongestForThisMachine : LongestForAddress), _pairs.MayBeFreed((from, name)));
        if (IPAddress.IsLoopback(from))
            return (_addresses.Wait(from, LongestForThisMachine), _addresses.MayBeFreed(from));
        var forAddress = _addresses.Wait(from, LongestForAddress);
        var forAccount = _accounts.Wait(name, LongestForAccount);
        return (
            forAddress > forAccount ? forAddress : forAccount,
            (forAddress == TimeSpan.Zero || _addresses.MayBeFreed(from)) && (forAccount == TimeSpan.Zero || _accounts.MayBeFreed(name)));
    }

    /// <summary>
    /// What stands for whoever has the address: whoever has an IPv6 address has a whole /64 of them, and whoever is on this machine all of 127.0.0.0/8.
    /// </summary>
    public static IPAddress Block(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (IPAddress.IsLoopback(address))
            return IPAddress.Loopback;
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private static (IPAddress Address, string Account) Keys(IPAddress address, string account)
        => (Block(address), account.Length <= MaxAccountLength ? account.ToUpperInvariant() : account[..MaxAccountLength].ToUpperInvariant());
}
