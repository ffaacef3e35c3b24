namespace LoggerCms.Core.Security;

/// <summary>
/// How often something failed lately, and how long it must wait. Holds a bounded number of keys: where it is full, the quarter that failed longest
/// ago is forgotten. Not safe for several callers at once.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="free">So many failures cost nothing; each further one doubles the wait, from one second on.</param>
/// <param name="capacity">The most keys that are held.</param>
internal sealed class FailureTable<TKey>(TimeProvider time, int free, int capacity)
    where TKey : notnull
{
    /// <summary>After so long without a failure nothing is left of the earlier ones.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromHours(1);

    private readonly Dictionary<TKey, (int Failures, DateTimeOffset Last)> _failures = [];

    public int Count => _failures.Count;

    /// <summary>How long until the next try; zero where it may come now.</summary>
    public TimeSpan Wait(TKey key, TimeSpan longest)
    {
        if (!_failures.TryGetValue(key, out var kept) || kept.Failures <= free)
            return TimeSpan.Zero;
        var delay = TimeSpan.FromSeconds(Math.Pow(2, Math.Min(kept.Failures - free - 1, 30)));
        var left = kept.Last + (delay < longest ? delay : longest) - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    public void Failed(TKey key)
    {
        var now = time.GetUtcNow();
        if (_failures.TryGetValue(key, out var kept))
        {
            _failures[key] = (kept.Last + Forgotten <= now ? 1 : kept.Failures + 1, now);
            return;
        }

        if (_failures.Count >= capacity)
        {
            foreach (var old in _failures.OrderBy(e => e.Value.Last).Take((capacity / 4) + 1).Select(e => e.Key).ToList())
                _failures.Remove(old);
        }

        _failures[key] = (1, now);
    }

    /// <summary>Takes one failure back.</summary>
    public void TakeBack(TKey key)
    {
        if (_failures.TryGetValue(key, out var kept))
            _failures[key] = (Math.Max(0, kept.Failures - 1), kept.Last);
    }
}
