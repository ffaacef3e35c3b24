using System.Threading.Tasks.Sources;

namespace LoggerCms.Core.Deltas;

/// <summary>One append that waits for its group; used again for another once its caller has the answer.</summary>
internal sealed class AppendWaiter(AppendWaiterPool pool) : IValueTaskSource
{
    // The caller's code must not run on the journal's thread.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };

    public ValueTask Task => new(this, _core.Version);

    public void Complete() => _core.SetResult(true);

    public void Fail(Exception exception) => _core.SetException(exception);

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => _core.OnCompleted(continuation, state, token, flags);

    public void GetResult(short token)
    {
        try
        {
            _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            pool.Return(this);
        }
    }
}

internal sealed class AppendWaiterPool
{
    private const int Most = 4096;

    private readonly Lock _lock = new();
    private readonly Stack<AppendWaiter> _free = new();

    public AppendWaiter Rent()
    {
        lock (_lock)
        {
            if (_free.TryPop(out var waiter))
                return waiter;
        }

        return new AppendWaiter(this);
    }

    public void Return(AppendWaiter waiter)
    {
        lock (_lock)
        {
            if (_free.Count < Most)
                _free.Push(waiter);
        }
    }
}
