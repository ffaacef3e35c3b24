using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The write transaction of a transfer on one connection, with triggers and foreign keys switched off there.</summary>
internal class SqliteTransaction : ISideTransaction
{
    private readonly TimeSpan _lockTimeout;
    private SqliteCatalog _catalog;
    private bool _ended;

    /// <param name="db">A connection that holds the write lock; the transaction owns it.</param>
    /// <param name="lockTimeout">How long COMMIT waits for readers.</param>
    public SqliteTransaction(SqliteDb db, TimeSpan lockTimeout)
    {
        Db = db;
        _lockTimeout = lockTimeout;
        _catalog = SqliteCatalog.Read(db, SideProfile.Empty);
        if (SqliteLogTables.Find(db) is not { } log)
            return;
        log.SettleIncarnation();
        LogWriter = new SqliteLogWriter(db, log);
    }

    public SideCatalog Catalog => _catalog.Side;

    public ISideLogWriter? LogWriter { get; }

    protected SqliteDb Db { get; }

    protected SqliteCatalog Tables => _catalog;

    /// <summary>Opens a connection and takes the database's write lock.</summary>
    public static SqliteTransaction Begin(string path, string side, TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        var db = SqliteDb.Open(path, side, write: true);
        try
        {
            Prepare(db);
            db.MakeCommitsLast();
            if (!db.TryExecuteLocked("BEGIN IMMEDIATE", lockTimeout, cancellationToken))
                throw InUse(db, lockTimeout);
            return new SqliteTransaction(db, lockTimeout);
        }
        catch
        {
            db.Dispose();
            throw;
        }
    }

    /// <summary>What a connection needs before it writes rows as they are.</summary>
    public static void Prepare(SqliteDb db)
    {
        db.SwitchTriggersOff();

        // Pages that are to be written are kept until this much of them is there; the journal then takes fewer syncs.
        db.Execute("PRAGMA main.cache_size = -65536");
    }

    public static LoggerCmsException InUse(SqliteDb db, TimeSpan lockTimeout) => new(
        ErrorCodes.DestinationInUse,
        $"'{db.Path}' is in use: its lock was not to be had within {lockTimeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} seconds.",
        "Stop what writes or reads it for long, or give a longer -LockTimeout.",
        db.Side);

    public IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, CancellationToken cancellationToken)
        => SqliteReads.ReadAsync(Db, _catalog, query, cancellationToken);

    public IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
        => SqliteReads.ReadByKeyAsync(Db, _catalog, table, keys, cancellationToken);

    public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken)
        => RunAsync(() => SqliteReads.Count(Db, _catalog, table), cancellationToken);

    public Task<long> ClearAsync(TableSchema table, CancellationToken cancellationToken)
        => RunAsync(
            () =>
            {
                // Without a condition SQLite drops the table's pages without looking at its rows, and still counts them.
                Db.Execute($"DELETE FROM main.{_catalog.Find(table, Db).Quoted}{SqliteSql.Filter(table)}");
                return Db.Changes;
            },
            cancellationToken);

    public async Task InsertAsync(TableSchema table, IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken)
    {
        var columns = _catalog.Find(table, Db).Select(table);
        using var writer = new SqliteInserter(Db, table, columns);
        await foreach (var batch in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            using (batch)
                await RunAsync(() => writer.Insert(batch), cancellationToken).ConfigureAwait(false);
        }
    }

    public Task<long> UpdateAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken)
        => RunAsync(() => SqliteRowChanges.Update(Db, _catalog.Find(table, Db), table, rows), cancellationToken);

    public Task<long> DeleteAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
        => RunAsync(() => SqliteRowChanges.Delete(Db, _catalog.Find(table, Db), table, keys), cancellationToken);

    public Task<long> DeleteRowsAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken)
        => RunAsync(() => SqliteRowChanges.DeleteRows(Db, _catalog, table, rows), cancellationToken);

    public Task CreateTableAsync(string statements, CancellationToken cancellationToken)
        => RunAsync(
            () =>
            {
                Db.Execute(statements);
                _catalog = SqliteCatalog.Read(Db, SideProfile.Empty);
                return true;
            },
            cancellationToken);

    public Task<IReadOnlyList<BrokenForeignKey>> FindForeignKeyViolationsAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
        => RunAsync<IReadOnlyList<BrokenForeignKey>>(() => SqliteForeignKeys.FindViolations(Db, _catalog.Side, tables), cancellationToken);

    public Task<long> RecordTransferAsync(Guid transferId, CancellationToken cancellationToken)
        => RunAsync(
            () =>
            {
                Db.Execute("CREATE TABLE IF NOT EXISTS main.loggercms_transfer (id TEXT NOT NULL PRIMARY KEY, at_us INTEGER NOT NULL)");
                using var insert = Db.Prepare(
                    """
                    INSERT INTO main.loggercms_transfer (id, at_us) VALUES (?1, max(
                        CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), (SELECT coalesce(max(at_us) + 1, 0) FROM main.loggercms_transfer)))
                    """);
                insert.Bind(1, transferId.ToString("D")).Run();
                return Db.ScalarInt64("SELECT max(at_us) FROM main.loggercms_transfer");
            },
            cancellationToken);

    public virtual Task CommitAsync()
        => SqliteReads.RunAsync(
            Db,
            () =>
            {
                // Readers of a database with a rollback journal must be gone before its pages change.
                if (!Db.TryExecuteLocked("COMMIT", _lockTimeout, CancellationToken.None))
                    throw InUse(Db, _lockTimeout);
                _ended = true;
                return true;
            },
            CancellationToken.None);

    public virtual async ValueTask DisposeAsync()
    {
        if (!_ended)
        {
            _ended = true;
            await Task.Run(() =>
            {
                lock (Db.Gate)
                    Db.Dispose();
            }).ConfigureAwait(false);
            return;
        }

        Db.Dispose();
    }

    protected Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_ended, this);
        return SqliteReads.RunAsync(Db, work, cancellationToken);
    }
}
