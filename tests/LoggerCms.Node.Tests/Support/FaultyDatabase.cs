using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Node.Tests.Support;

/// <summary>What becomes of one call.</summary>
internal enum DatabaseFault
{
    None,

    /// <summary>Nothing was done, and the caller knows.</summary>
    Away,

    /// <summary>The answer to the commit was lost, and nothing was done.</summary>
    LostBefore,

    /// <summary>The answer to the commit was lost, and it was done.</summary>
    LostAfter,
}

/// <summary>A system database whose calls fail as a test says, and which is gone for good once it is turned off.</summary>
internal sealed class FaultyDatabase(ISystemDatabase inner) : ISystemDatabase
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile bool _off;

    /// <summary>Asked before each call that writes and each read of the state.</summary>
    public Func<string, DatabaseFault>? Fault { get; set; }

    /// <summary>Awaited before each of these calls: one that does not end is a database that accepts and does not answer.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>Called after each call that was done, with its name and before it is answered.</summary>
    public Action<string>? Did { get; set; }

    public string Name => inner.Name;

    /// <summary>Waits for the call that is under way, takes what survives, and lets none after it through.</summary>
    public void TurnOff(Action takeWhatSurvives)
    {
        if (_off)
            return;
        _one.Wait();
        _off = true;
        takeWhatSurvives();
        _one.Release();
    }

    public Task PrepareAsync(CancellationToken cancellationToken) => DoAsync("prepare", cancellationToken, () => inner.PrepareAsync(cancellationToken));

    public Task<SystemDatabaseState> ReadStateAsync(CancellationToken cancellationToken) => DoAsync("state", cancellationToken, () => inner.ReadStateAsync(cancellationToken));

    public Task<Lease> TakeLeaseAsync(Guid nodeId, string nodeName, bool takeOver, long usedEpoch, CancellationToken cancellationToken)
        => DoAsync("lease", cancellationToken, () => inner.TakeLeaseAsync(nodeId, nodeName, takeOver, usedEpoch, cancellationToken));

    public Task ReleaseLeaseAsync(long epoch, CancellationToken cancellationToken) => DoAsync("release", cancellationToken, () => inner.ReleaseLeaseAsync(epoch, cancellationToken));

    public Task ReserveAsync(long epoch, long objectIdEnd, long updateKeyEnd, CancellationToken cancellationToken)
        => DoAsync("reserve", cancellationToken, () => inner.ReserveAsync(epoch, objectIdEnd, updateKeyEnd, cancellationToken));

    public Task LoadAsync(Action<CmsObject> onObject, CancellationToken cancellationToken) => inner.LoadAsync(onObject, cancellationToken);

    public Task<CmsObject?> FindAsync(long id, CancellationToken cancellationToken) => _off ? throw Gone() : inner.FindAsync(id, cancellationToken);

    public Task FlushAsync(FlushBatch batch, CancellationToken cancellationToken) => DoAsync("flush", cancellationToken, () => inner.FlushAsync(batch, cancellationToken));

    public Task ReplaceAsync(SystemContent content, CancellationToken cancellationToken)
        => DoAsync("replace", cancellationToken, () => inner.ReplaceAsync(content, cancellationToken));

    public Task LoadLocalAsync(LocalClass localClass, Action<LocalEntry> onEntry, CancellationToken cancellationToken)
        => inner.LoadLocalAsync(localClass, onEntry, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private Task DoAsync(string what, CancellationToken cancellationToken, Func<Task> work) => DoAsync(what, cancellationToken, async () =>
    {
        await work();
        return true;
    });

    private async Task<T> DoAsync<T>(string what, CancellationToken cancellationToken, Func<Task<T>> work)
    {
        T done;
        if (Before is { } before)
            await before(what, cancellationToken);
        var fault = Fault?.Invoke(what) ?? DatabaseFault.None;
        cancellationToken.ThrowIfCancellationRequested();
        await _one.WaitAsync();
        try
        {
            if (_off || fault == DatabaseFault.Away)
                throw Gone();
            if (fault == DatabaseFault.LostBefore)
                throw Unknown();
            done = await work();
        }
        finally
        {
            _one.Release();
        }

        Did?.Invoke(what);
        return fault == DatabaseFault.LostAfter ? throw Unknown() : done;
    }

    private static LoggerCmsException Gone() => new(ErrorCodes.ConnectionLost, "The database is away.", "Bring it back.");

    private static LoggerCmsException Unknown() => new(ErrorCodes.OutcomeUnknown, "The answer to COMMIT was lost.", "Look.");
}
