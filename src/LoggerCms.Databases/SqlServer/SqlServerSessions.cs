namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// The connections of one side. One that was given back in good order serves again: a new one costs a login, and on Babelfish seconds until it
/// has read its catalog.
/// </summary>
internal sealed class SqlServerSessions(SqlServerAddress address) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Stack<SqlServerSession> _idle = new();
    private bool _disposed;

    public SqlServerAddress Address => address;

    public async Task<SqlServerSession> LendAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_idle.TryPop(out var idle))
                return idle;
        }

        return await SqlServerSession.OpenAsync(address, this, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes a session that stands as a new one would; false when it has to be closed.</summary>
    public bool TryKeep(SqlServerSession session)
    {
        lock (_lock)
        {
            if (_disposed)
                return false;
            _idle.Push(session);
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _disposed = true;
        await CloseIdleAsync().ConfigureAwait(false);
    }

    /// <summary>Closes what lies ready: when one connection broke, the others most likely have too.</summary>
    public async ValueTask CloseIdleAsync()
    {
        List<SqlServerSession> idle;
        lock (_lock)
        {
            idle = [.. _idle];
            _idle.Clear();
        }

        foreach (var session in idle)
            await session.CloseAsync().ConfigureAwait(false);
    }
}
