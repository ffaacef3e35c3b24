namespace LoggerCms.Core.Deltas;

/// <summary>
/// When the thread takes what is pending. Writers that were just answered come back with their next record within microseconds; a thread that
/// took the first of them at once would sync for one record and let all others wait for the sync after it, so that two syncs would do the work
/// of one. So it waits, for a moment at most, for as many as there were the last time; where they do not come it stops that for a while.
/// </summary>
internal sealed partial class DeltaJournal
{
    /// <summary>With fewer writers than this, waiting costs them more than it brings.</summary>
    private const int LeastExpected = 4;

    /// <summary>The shortest time that a thread can wait for.</summary>
    private const int MomentMilliseconds = 1;

    private const int MostSkipped = 256;

    // Under the gate.
    private int _expected;
    private int _wakeAt = 1;

    // The thread's own.
    private int _skip;
    private int _penalty = 1;

    private void Gather()
    {
        if (_skip > 0)
        {
            _skip--;
            return;
        }

        lock (_gate)
        {
            var enough = _expected - (_expected / 8);
            if (_expected < LeastExpected || _pending.Count >= enough || _closing || _failedSince is not null)
                return;
            _expected = 0;
            _wakeAt = enough;
            _isWaiting = true;
            Monitor.Wait(_gate, MomentMilliseconds);
            _isWaiting = false;
            _wakeAt = 1;
            _penalty = _pending.Count >= enough ? Math.Max(1, _penalty / 2) : Math.Min(MostSkipped, _penalty * 2);
        }

        _skip = _penalty - 1;
    }
}
