namespace LoggerCms.Databases.Sqlite;

/// <summary>Connections that are used one at a time each.</summary>
internal sealed class ConnectionPool : IDisposable
{
    private readonly List<SqliteDb> _free;
    private readonly SemaphoreSlim _turn;
    private SqliteDb? _abandoned;

    public ConnectionPool(IReadOnlyList<SqliteDb> connections)
    {
        All = connections;
        _free = [.. connections];
        _turn = new SemaphoreSlim(connections.Count);
    }

    public IReadOnlyList<SqliteDb> All { get; }

    public async Task<T> UseAsync<T>(Func<SqliteDb, Task<T>> work, CancellationToken cancellationToken)
    {
        var db = await RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work(db).ConfigureAwait(false);
        }
        finally
        {
            Return(db);
        }
    }

    public async Task<SqliteDb> RentAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_free)
        {
            var db = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return db;
        }
    }

    public void Return(SqliteDb db)
    {
        lock (_free)
            _free.Add(db);
        _turn.Release();
    }

    /// <summary>Closes every connection but one that was rented, which from now on belongs to whoever holds it.</summary>
    public void Abandon(SqliteDb rented)
    {
        _abandoned = rented;
        Dispose();
    }

    public void Dispose()
    {
        foreach (var db in All)
        {
            if (db != _abandoned)
                db.Dispose();
        }

        _turn.Dispose();
    }
}
