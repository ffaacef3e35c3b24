namespace LoggerCms.Core;

/// <summary>
/// The time for what deletes for good by age: a clock that is wrong for a while (a machine that was resumed with another time, a bad time server) must
/// not take what is not old. So it is believed only once it has gone on for an interval as the monotonic clock has. One caller at a time.
/// </summary>
/// <param name="time">The clocks.</param>
/// <param name="interval">So long they must agree.</param>
internal sealed class SteadyClock(TimeProvider time, TimeSpan interval)
{
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(5);

    private (DateTimeOffset Wall, long Monotonic) _since = (time.GetUtcNow(), time.GetTimestamp());

    /// <returns>Null where it is not to be believed yet.</returns>
    public DateTimeOffset? Now()
    {
        var (wall, monotonic) = (time.GetUtcNow(), time.GetTimestamp());
        var passed = time.GetElapsedTime(_since.Monotonic, monotonic);
        if ((wall - _since.Wall - passed).Duration() > Slack)
        {
            _since = (wall, monotonic);
            return null;
        }

        return passed >= interval ? wall : null;
    }

    /// <summary>It has to be looked at for another interval.</summary>
    public void Restart() => _since = (time.GetUtcNow(), time.GetTimestamp());
}
