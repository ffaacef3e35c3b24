namespace LoggerCms.Client;

/// <summary>Whether a call may be sent again when it is not known what became of it.</summary>
internal enum Repeat
{
    /// <summary>Not even when nobody answered.</summary>
    Never,

    /// <summary>Only when the node cannot have begun it.</summary>
    IfNotBegun,

    /// <summary>It reads, or the node does it once.</summary>
    Always,
}

/// <summary>The tries of one call: longer and longer apart, never quite at the same time as another client's, until the time is over.</summary>
internal sealed class Retry(CmsClientOptions options, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private TimeSpan _delay = options.FirstDelay;

    /// <summary>How long to wait before the next try; null when there is none.</summary>
    /// <param name="asked">How long the node asked to wait; null where it did not.</param>
    public TimeSpan? Next(TimeSpan? asked)
    {
        // From half to one and a half: clients that lost one node come back one by one.
        var delay = (asked is { } least && least > _delay ? least : _delay) * (0.5 + Random.Shared.NextDouble());
        if (asked is { } floor && delay < floor)
            delay = floor;
        _delay = _delay * 2 < options.LongestDelay ? _delay * 2 : options.LongestDelay;
        return time.GetElapsedTime(_started) + delay <= options.RetryFor ? delay : null;
    }
}
