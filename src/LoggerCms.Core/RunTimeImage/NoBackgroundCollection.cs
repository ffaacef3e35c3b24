using System.Runtime;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// While one of these lives, no garbage is collected beside the work. What is loaded at a start stays: a collection in the background would look at
/// the same growing heap over and over, on a processor that reads.
/// </summary>
internal sealed class NoBackgroundCollection : IDisposable
{
    private static readonly Lock Gate = new();
    private static int _alive;
    private static GCLatencyMode _before;

    private bool _isDisposed;
    private bool _isPostponed;

    public NoBackgroundCollection()
    {
        lock (Gate)
        {
            if (_alive++ > 0)
                return;
            _before = GCSettings.LatencyMode;
            GCSettings.LatencyMode = GCLatencyMode.Batch;
        }
    }

    /// <summary>
    /// Nothing is collected at all until this is disposed or so much was allocated; only where there is memory for it, and where nobody else in the process
    /// has one of these.
    /// </summary>
    public void Postpone(long bytes)
    {
        lock (Gate)
        {
            var memory = GC.GetGCMemoryInfo();
            if (_isDisposed || _alive > 1 || bytes <= 0 || bytes > (memory.HighMemoryLoadThresholdBytes - memory.MemoryLoadBytes) / 2)
                return;
            try
            {
                _isPostponed = GC.TryStartNoGCRegion(bytes, disallowFullBlockingGC: true);
            }
            catch (Exception exception) when (exception is ArgumentOutOfRangeException or InvalidOperationException)
            {
                // More than the collector can put off, or the process does it already.
            }
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            EndPostponed();
            if (--_alive == 0)
                GCSettings.LatencyMode = _before;
        }
    }

    private void EndPostponed()
    {
        if (!_isPostponed || GCSettings.LatencyMode != GCLatencyMode.NoGCRegion)
            return;
        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
            // More was allocated meanwhile, which ended it.
        }
    }
}
