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

    public void Dispose()
    {
        lock (Gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            if (--_alive == 0)
                GCSettings.LatencyMode = _before;
        }
    }
}
