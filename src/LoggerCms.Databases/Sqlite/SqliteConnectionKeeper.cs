namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// One connection that is kept between calls, made when first needed and made again after a failure, or when its path has come to name another
/// file. Calls wait for each other.
/// </summary>
internal sealed class SqliteConnectionKeeper(SideConnection connection, string side, bool write) : IDisposable
{
    private const int WriterCacheKibibytes = 256 * 1024;

    private readonly Lock _gate = new();
    private SqliteDb? _db;
    private string _identity = string.Empty;
    private bool _disposed;

    public T Use<T>(Func<SqliteDb, T> work, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var db = Open();
            try
            {
                return SqliteReads.Run(db, () => work(db), cancellationToken);
            }
            catch
            {
                Close();
                throw;
            }
        }
    }

    /// <summary>One transaction, from the write lock to the commit. Any failure closes the connection, which rolls back what is open on it.</summary>
    public T UseTransaction<T>(Func<SqliteDb, T> work, TimeSpan patience, CancellationToken cancellationToken)
        => Use(
            db =>
            {
                if (!db.TryExecuteLocked("BEGIN IMMEDIATE", patience, cancellationToken))
                    throw SqliteTransaction.InUse(db, patience);
                var result = work(db);

                // SQLite would go on writing into a file that has been deleted.
                CheckFile(db);
                if (!db.TryExecuteLocked("COMMIT", patience, cancellationToken))
                    throw SqliteTransaction.InUse(db, patience);
                return result;
            },
            cancellationToken);

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            Close();
        }
    }

    private SqliteDb Open()
    {
        try
        {
            var path = SqlitePath.Resolve(connection);
            var identity = SqliteIdentity.Of(path);
            if (_db is not null && identity == _identity)
                return _db;
            Close();
            _db = SqliteDb.Open(path, side, write);
            _identity = identity;
            if (write)
            {
                _db.MakeCommitsLast();

                // Pages wait here for the commit: once they spill, the file is locked against readers until it.
                _db.Execute($"PRAGMA main.cache_size = -{WriterCacheKibibytes}");
            }

            return _db;
        }
        catch
        {
            Close();
            throw;
        }
    }

    private void CheckFile(SqliteDb db)
    {
        if (SqliteIdentity.Of(SqlitePath.Resolve(connection)) != _identity)
        {
            throw new LoggerCmsException(
                ErrorCodes.ConnectionLost,
                $"'{db.Path}' was replaced by another file while it was written; nothing was written to that one.",
                "Stop whatever replaces the database of a running node.",
                side);
        }
    }

    private void Close()
    {
        _db?.Dispose();
        _db = null;
    }
}
