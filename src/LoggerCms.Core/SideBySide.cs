using System.Runtime.ExceptionServices;

namespace LoggerCms.Core;

/// <summary>
/// Works on many items with a few workers. <see cref="Parallel"/> does the same, and brings an event source that costs the first call in a process
/// more time than a small side takes to read.
/// </summary>
internal static class SideBySide
{
    /// <summary>Items are begun in their order. After the first failure no further one is begun, the others are cancelled, and that failure is thrown.</summary>
    public static async Task ForEachAsync<T>(
        IReadOnlyList<T> items, int workers, Func<T, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Exception? failure = null;
        var next = -1;
        var running = new Task[Math.Clamp(workers, 1, Math.Max(1, items.Count))];
        for (var i = 0; i < running.Length; i++)
            running[i] = Task.Run(WorkAsync, CancellationToken.None);
        await Task.WhenAll(running).ConfigureAwait(false);
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);

        async Task WorkAsync()
        {
            try
            {
                for (var at = Interlocked.Increment(ref next); at < items.Count; at = Interlocked.Increment(ref next))
                {
                    stop.Token.ThrowIfCancellationRequested();
                    await work(items[at], stop.Token).ConfigureAwait(false);
                }
            }
            catch (Exception thrown)
            {
                Interlocked.CompareExchange(ref failure, thrown, null);
                await stop.CancelAsync().ConfigureAwait(false);
            }
        }
    }
}
