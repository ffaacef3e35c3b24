using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// A system database in one SQLite file.
/// <para>It keeps SQLite's rollback journal and commits with <c>synchronous = EXTRA</c>, which survives power loss. A write-ahead log would flush
/// with fewer syncs, but then the last commits stand in a second file: a copy of the database file alone would be short of them, a commit of
/// attached databases (as a state transfer between two files makes) would not be atomic, and a kill would leave two files behind that only the
/// next writer can join. With the journal the file is whole whenever nobody writes, and alone after a clean stop. A file that somebody has
/// switched to a write-ahead log works, and stays so.</para>
/// </summary>
internal sealed class SqliteSystemDatabase : ISystemDatabase
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private readonly SideConnection _connection;
    private readonly TimeSpan _patience;
    private readonly SqliteConnectionKeeper _writer;
    private readonly SqliteConnectionKeeper _reader;
    private Tenure? _tenure;

    /// <param name="connection">The file's path.</param>
    /// <param name="patience">How long a write waits for another connection that holds the database.</param>
    public SqliteSystemDatabase(SideConnection connection, TimeSpan? patience = null)
    {
        _connection = connection;
        _patience = patience ?? DefaultPatience;
        _writer = new SqliteConnectionKeeper(connection, Name, write: true);
        _reader = new SqliteConnectionKeeper(connection, Name, write: false);
    }

    public string Name => _connection.Name ?? _connection.DataSource;

    public Task PrepareAsync(CancellationToken cancellationToken)
        => Task.Run(
            () =>
            {
                SqliteNewFile.MakeWhereMissing(_connection, SystemFiles.Instance);

                // A file of another format is looked at by a reader, so that not even its pages' order changes.
                if (_reader.Use(
                    db => SqliteViews.Read(db, SqliteSystemTables.Exist, cancellationToken), cancellationToken))
                {
                    _reader.Use(db => SqliteViews.Read(db, Check, cancellationToken), cancellationToken);
                    return;
                }

                Write(
                    db =>
                    {
                        if (!SqliteSystemTables.Exist(db))
                            SqliteSystemTables.Make(db);
                        return Check(db);
                    },
                    cancellationToken);
            },
            cancellationToken);

    public async Task<SystemDatabaseState> ReadStateAsync(CancellationToken cancellationToken)
    {
        var state = await ReadAsync(
            db =>
            {
                // Several statements: one transaction, so that they are of one commit.
                db.Execute("BEGIN");
                try
                {
                    return SqliteSystemTables.ReadState(db);
                }
                finally
                {
                    if (db.IsInTransaction)
                        db.Execute("ROLLBACK");
                }
            },
            cancellationToken).ConfigureAwait(false);
        _tenure = _tenure?.Seen(state);
        return state;
    }

    public async Task<Lease> TakeLeaseAsync(Guid nodeId, string nodeName, bool takeOver, long usedEpoch, CancellationToken cancellationToken)
    {
        (var lease, _tenure) = await WriteAsync(
            db =>
            {
                SqliteSystemTables.Check(db);
                return SqliteSystemTables.TakeLease(db, nodeId, nodeName, takeOver, usedEpoch);
            },
            cancellationToken).ConfigureAwait(false);
        return lease;
    }

    public Task ReleaseLeaseAsync(long epoch, CancellationToken cancellationToken)
        => WriteAsync(
            db =>
            {
                SqliteSystemTables.Check(db);
                SqliteSystemTables.ReleaseLease(db, Tenure.Of(_tenure, epoch));
                return true;
            },
            cancellationToken);

    public Task ReserveAsync(long epoch, long objectIdEnd, long updateKeyEnd, CancellationToken cancellationToken)
        => WriteAsync(
            db =>
            {
                SqliteSystemTables.Check(db);
                SqliteSystemTables.HoldEpoch(db, Tenure.Of(_tenure, epoch));
                SqliteSystemTables.Reserve(db, objectIdEnd, updateKeyEnd);
                return true;
            },
            cancellationToken);

    public Task LoadAsync(Action<CmsObject> onObject, CancellationToken cancellationToken)
        => SqliteObjectLoad.RunAsync(SqlitePath.Resolve(_connection), Name, onObject, cancellationToken);

    public Task<CmsObject?> FindAsync(long id, CancellationToken cancellationToken)
        => ReadAsync(
            db =>
            {
                // Of another system there is nothing to find, whatever has the same id there.
                using var find = db.Prepare(
                    $"SELECT {SystemTables.ObjectColumns} FROM main.cms_object WHERE id = ?1"
                    + " AND (?2 IS NULL OR EXISTS (SELECT 1 FROM main.loggercms_system WHERE identity = ?2))");
                return find.Bind(1, id).Bind(2, _tenure?.Identity.ToString("D")).Step() ? new SqliteObjectReader().Read(find.Handle) : null;
            },
            cancellationToken);

    public async Task FlushAsync(FlushBatch batch, CancellationToken cancellationToken)
    {
        var tenure = Tenure.Of(_tenure, batch.Epoch);
        await WriteAsync(
            db =>
            {
                SqliteSystemTables.Check(db);
                SqliteSystemFlush.Write(db, tenure, batch, cancellationToken);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        _tenure = tenure.Committed(batch.LastUpdateKey);
    }

    public async Task ReplaceAsync(SystemContent content, CancellationToken cancellationToken)
    {
        var tenure = Tenure.Of(_tenure, content.Epoch);
        await WriteAsync(
            db =>
            {
                SqliteSystemTables.Check(db);
                SqliteSystemFlush.Replace(db, tenure, content, cancellationToken);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        _tenure = tenure.Committed(content.LastUpdateKey) with { Identity = content.Identity };
    }

    public Task LoadLocalAsync(LocalClass localClass, Action<LocalEntry> onEntry, CancellationToken cancellationToken)
        => ReadAsync(
            db =>
            {
                using var list = db.Prepare($"SELECT id, expires_us, content FROM main.{SystemTables.Of(localClass)}");
                while (list.Step())
                    onEntry(new LocalEntry(new LocalKey(localClass, new Guid(list.Blob(0), bigEndian: true)), list.Int64(1), list.Blob(2)));
                return true;
            },
            cancellationToken);

    public ValueTask DisposeAsync()
    {
        _writer.Dispose();
        _reader.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool Check(SqliteDb db)
    {
        SqliteSystemTables.Check(db);
        return true;
    }

    private Task<T> ReadAsync<T>(Func<SqliteDb, T> work, CancellationToken cancellationToken)
        => Task.Run(() => _reader.Use(db => SqliteViews.Read(db, work, cancellationToken), cancellationToken), cancellationToken);

    private Task<T> WriteAsync<T>(Func<SqliteDb, T> work, CancellationToken cancellationToken)
        => Task.Run(() => Write(work, cancellationToken), cancellationToken);

    private T Write<T>(Func<SqliteDb, T> work, CancellationToken cancellationToken) => _writer.UseTransaction(work, _patience, cancellationToken);
}
