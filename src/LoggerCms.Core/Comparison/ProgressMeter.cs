namespace LoggerCms.Core.Comparison;

/// <summary>
/// Counts work from any thread and tells it on at most four times a second, with the rate and the time left.
/// </summary>
public sealed class ProgressMeter(IProgress<TransferProgress>? progress, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private StateTransferPhase _phase;
    private string? _table;
    private long? _totalRows;
    private long _rows;
    private long _bytes;
    private long _began;
    private long _told;

    /// <summary>Begins a phase; what was counted before is told first, and counting starts anew.</summary>
    public void Begin(StateTransferPhase phase, long? totalRows = null)
    {
        lock (_lock)
        {
            _phase = phase;
            _table = null;
            _totalRows = totalRows;
            _rows = 0;
            _bytes = 0;
            _began = time.GetTimestamp();
            Tell();
        }
    }

    /// <summary>Sets the rows that the phase is expected to handle, once that is known.</summary>
    public void Expect(long? totalRows)
    {
        lock (_lock)
            _totalRows = totalRows;
    }

    /// <summary>Counts further rows and bytes.</summary>
    public void Add(string? table, long rows, long bytes)
    {
        lock (_lock)
        {
            _table = table;
            _rows += rows;
            _bytes += bytes;
            if (time.GetElapsedTime(_told) >= Interval)
                Tell();
        }
    }

    /// <summary>How long so many bytes would take at the rate of the phase that is under way; null where nothing was measured.</summary>
    public TimeSpan? PredictTime(long bytes)
    {
        lock (_lock)
            return _bytes == 0 ? null : time.GetElapsedTime(_began) * ((double)bytes / _bytes);
    }

    /// <summary>Tells the last state, whenever the one before was told.</summary>
    public void End()
    {
        lock (_lock)
            Tell();
    }

    private void Tell()
    {
        if (progress is null)
            return;
        _told = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_began, _told);
        progress.Report(new TransferProgress
        {
            Phase = _phase,
            Table = _table,
            Rows = _rows,
            Bytes = _bytes,
            TotalRows = _totalRows,
            BytesPerSecond = elapsed > TimeSpan.Zero ? _bytes / elapsed.TotalSeconds : 0,
            TimeLeft = TimeLeft(elapsed),
        });
    }

    private TimeSpan? TimeLeft(TimeSpan elapsed)
        => _totalRows is { } total && _rows > 0 && elapsed > TimeSpan.Zero
            ? TimeSpan.FromSeconds(Math.Max(0, total - _rows) / (double)_rows * elapsed.TotalSeconds)
            : null;
}
