namespace LoggerCms.Node.Http;

/// <summary>What is taken and given back by many, and how much each of them may have. Safe for several callers at once.</summary>
/// <param name="mostOfAll">So much there is.</param>
/// <param name="mostOfOne">So much of it one of them gets.</param>
internal sealed class Tally<TKey>(long mostOfAll, long mostOfOne)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, long> _taken = [];
    private long _all;

    public bool TryTake(TKey key, long amount = 1)
    {
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(key) + amount;
            if (own > mostOfOne || _all + amount > mostOfAll)
                return false;
            _taken[key] = own;
            _all += amount;
            return true;
        }
    }

    public void Give(TKey key, long amount = 1)
    {
        lock (_lock)
        {
            var own = _taken.GetValueOrDefault(key) - amount;
            _all -= amount;
            if (own == 0)
                _taken.Remove(key);
            else
                _taken[key] = own;
        }
    }
}
