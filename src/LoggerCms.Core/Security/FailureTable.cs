namespace LoggerCms.Core.Security;

/// <summary>
/// How often something failed lately, and how long it must wait. Holds a bounded number of keys: where it is full, the quarter that failed longest
/// ago is forgotten. Not safe for several callers at once.
/// </summary>
/// <param name="time">Its timestamps count, not its wall clock: one that is set back would lengthen every wait by as much.</param>
/// <param name="free">So many failures cost nothing; each further one doubles the wait, from one second on.</param>
/// <param name="capacity">The most keys that are held.</param>
internal sealed class FailureTable<TKey>(TimeProvider time, int free, int capacity)
    where TKey : notnull
{
    /// <summary>After so long without a failure nothing is left of the earlier ones.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);

    private readonly Dictionary<TKey, (int Failures, int UnderWay, long Last)> _failures = [];

    public int Count => _failures.Count;

    /// <summary>How long until the next try; zero where it may come now.</summary>
    public TimeSpan Wait(TKey key, TimeSpan longest)
    {
        if (!_failures.TryGetValue(key, out var kept) || kept.Failures <= free)
            return TimeSpan.Zero;
        var delay = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(kept.Failures - free - 1, 30)));
        var left = (delay < longest ? delay : longest) - time.GetElapsedTime(kept.Last);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Whether the next try may have to wait only because others are under way, which count as failed until they have ended.</summary>
    public bool MayBeFreed(TKey key) => _failures.TryGetValue(key, out var kept) && kept.UnderWay > 0 && kept.Failures - kept.UnderWay <= free;

    /// <summary>Counts a try, as failed.</summary>
    public void Begin(TKey key)
    {
        var now = time.GetTimestamp();
        if (_failures.TryGetValue(key, out var kept))
        {
            _failures[key] = ((time.GetElapsedTime(kept.Last, now) >= Forgotten ? kept.UnderWay : kept.Failures) + 1, kept.UnderWay + 1, now);
            return;
        }

        if (_failures.Count >= capacity)
        {
            foreach (var old in _failures.OrderBy(e => e.Value.Last).Take((capacity / 4) + 1).Select(e => e.Key).ToList())
                _failures.Remove(old);
        }

        _failures[key] = (1, 1, now);
    }

    /// <summary>A try has ended.</summary>
    public void End(TKey key, bool hasFailed)
    {
        if (_failures.TryGetValue(key, out var kept))
            _failures[key] = (hasFailed ? kept.Failures : Math.Max(0, kept.Failures - 1), Math.Max(0, kept.UnderWay - 1), kept.Last);
    }
}
