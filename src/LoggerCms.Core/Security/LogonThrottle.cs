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

    private const int Capacity = 10_000;
    private const int MaxAccountLength = 256;

    private readonly Lock _lock = new();
    private readonly FailureTable<IPAddress> _addresses = new(time, free: 5, Capacity);
    private readonly FailureTable<string> _accounts = new(time, free: 10, Capacity);
    private readonly FailureTable<(IPAddress, string)> _pairs = new(time, free: 5, Capacity);
    private readonly Dictionary<(IPAddress, string), DateTimeOffset> _known = [];

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
    /// Counts a try, as failed until <see cref="Succeeded"/> says otherwise, so that tries side by side do not slip through. One that comes too
    /// soon is refused and does not count.
    /// </summary>
    /// <exception cref="LoggerCmsException">LimitExceeded: the client must wait, and for how long.</exception>
    public LogonTry Begin(IPAddress address, string account)
    {
        var (from, name) = Keys(address, account);
        TimeSpan wait;
        lock (_lock)
        {
            var isKnown = _known.ContainsKey((from, name));
            wait = Wait(from, name, isKnown);
            if (wait == TimeSpan.Zero)
            {
                if (isKnown)
                {
                    _pairs.Failed((from, name));
                }
                else
                {
                    _addresses.Failed(from);
                    _accounts.Failed(name);
                }

                return new LogonTry(from, name, isKnown);
            }
        }

        throw new LoggerCmsException(
            ErrorCodes.LimitExceeded, $"Too many logons failed. The next one is looked at in {Math.Ceiling(wait.TotalSeconds)} s.",
            "Wait, then try again; a token is not held up.")
        {
            DeniedObjectId = 0,
        };
    }

    /// <summary>
    /// The address is known for this account from now on. Only this one try is taken back, or whoever has one account could wipe out, with it, the
    /// traces of guessing at others.
    /// </summary>
    public void Succeeded(LogonTry attempt)
    {
        var key = (attempt.Address, attempt.Account);
        lock (_lock)
        {
            if (attempt.IsKnown)
            {
                _pairs.TakeBack(key);
            }
            else
            {
                _addresses.TakeBack(attempt.Address);
                _accounts.TakeBack(attempt.Account);
            }

            if (_known.Count >= Capacity && !_known.ContainsKey(key))
            {
                foreach (var old in _known.OrderBy(e => e.Value).Take((Capacity / 4) + 1).Select(e => e.Key).ToList())
                    _known.Remove(old);
            }

            _known[key] = time.GetUtcNow();
        }
    }

    private TimeSpan Wait(IPAddress from, string name, bool isKnown)
    {
        if (isKnown)
            return _pairs.Wait((from, name), LongestForAddress);
        if (IPAddress.IsLoopback(from))
            return _addresses.Wait(from, LongestForThisMachine);
        var forAddress = _addresses.Wait(from, LongestForAddress);
        var forAccount = _accounts.Wait(name, LongestForAccount);
        return forAddress > forAccount ? forAddress : forAccount;
    }

    /// <summary>What stands for whoever has the address: whoever has an IPv6 address has a whole /64 of them.</summary>
    public static IPAddress Block(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private static (IPAddress Address, string Account) Keys(IPAddress address, string account)
        => (Block(address), account.Length <= MaxAccountLength ? account.ToUpperInvariant() : account[..MaxAccountLength].ToUpperInvariant());
}
