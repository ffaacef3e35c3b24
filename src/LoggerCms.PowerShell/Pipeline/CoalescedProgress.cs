using System.Diagnostics;

namespace LoggerCms.PowerShell.Pipeline;

/// <summary>Shows the latest progress a few times a second and drops what came between.</summary>
internal sealed class CoalescedProgress(PipelineQueue queue, Action<TransferProgress> show) : IProgress<TransferProgress>
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private TransferProgress? _latest;
    private long _shownAt;
    private int _posted;

    public void Report(TransferProgress value)
    {
        Volatile.Write(ref _latest, value);
        if (Stopwatch.GetElapsedTime(Interlocked.Read(ref _shownAt)) < Interval || Interlocked.Exchange(ref _posted, 1) == 1)
            return;

        if (!queue.TryPost(Show))
            Volatile.Write(ref _posted, 0);
    }

    private void Show()
    {
        Interlocked.Exchange(ref _shownAt, Stopwatch.GetTimestamp());
        Volatile.Write(ref _posted, 0);
        if (Interlocked.Exchange(ref _latest, null) is { } progress)
            show(progress);
    }
}
