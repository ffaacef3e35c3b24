using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>One SQLite file. Keeps a reading connection open, outside of any transaction, for small questions.</summary>
internal sealed class SqliteSide : IPairableSide
{
    private readonly SqliteDb _db;

    public SqliteSide(SideConnection connection, SqliteDb db)
    {
        Connection = connection;
        _db = db;
        Log = new SqliteLog(this);
    }

    public SideConnection Connection { get; }

    public SideProvider Provider => SideProvider.Sqlite;

    public string DisplayName => Connection.Name ?? Database;

    public string Database => _db.Path;

    public string Identity => OperatingSystem.IsWindows() ? Database.ToUpperInvariant() : Database;

    public bool IsSameDatabase(ISide other)
        => other is SqliteSide side && (Identity == side.Identity || SqliteIdentity.IsSameFile(Database, side.Database));

    public ISideLog Log { get; }

    public Task<ISideSnapshot> BeginSnapshotAsync(SnapshotOptions options, CancellationToken cancellationToken)
        => Task.Run<ISideSnapshot>(
            () => SqliteSnapshot.Open(Database, DisplayName, options.Readers, options.Profile, cancellationToken), cancellationToken);

    public Task<ISidePair?> TryBeginPairAsync(ISide source, SnapshotOptions options, CancellationToken cancellationToken)
        => Task.Run<ISidePair?>(
            () => source is SqliteSide other ? SqlitePair.TryBegin(other, this, options, cancellationToken) : null, cancellationToken);

    public Task<ISideTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
        => Task.Run<ISideTransaction>(() => SqliteTransaction.Begin(Database, DisplayName, lockTimeout, cancellationToken), cancellationToken);

    public Task<IAsyncDisposable?> TryLockTransfersAsync(Guid transferId, CancellationToken cancellationToken)
        => Task.FromResult<IAsyncDisposable?>(SqliteTransferLock.TryTake(Database, DisplayName, transferId));

    public Task<bool> HasTransferAsync(Guid transferId, CancellationToken cancellationToken)
        => ReadAsync(
            db =>
            {
                if (!HasTable(db, SystemTables.Transfer))
                    return false;
                using var find = db.Prepare("SELECT 1 FROM main.loggercms_transfer WHERE id = ?1");
                return find.Bind(1, transferId.ToString("D")).Step();
            },
            cancellationToken);

    public Task<long> CountTransfersAsync(CancellationToken cancellationToken)
        => ReadAsync(db => HasTable(db, SystemTables.Transfer) ? db.ScalarInt64("SELECT count(*) FROM main.loggercms_transfer") : 0, cancellationToken);

    public Task<long?> GetFreeBytesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Task.FromResult<long?>(new DriveInfo(Path.GetDirectoryName(Database) ?? Database).AvailableFreeSpace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Task.FromResult<long?>(null);
        }
    }

    public Task<bool> IsInServiceAsync(CancellationToken cancellationToken)
        => ReadAsync(
            db => HasTable(db, "loggercms_lease")
                && db.ScalarInt64(
                    "SELECT EXISTS (SELECT 1 FROM main.loggercms_lease WHERE expires_us > (julianday('now') - 2440587.5) * 86400000000)") != 0,
            cancellationToken);

    public string GetCreateTable(TableSchema table, SideProvider madeFor)
        => madeFor == SideProvider.Sqlite && table.Definition is { } definition
            ? SqliteDdl.ForTable(definition, table.Name.Name)
            : throw new LoggerCmsException(
                ErrorCodes.SchemaMismatch,
                $"The table '{table.Name}' is of {madeFor}; its declaration cannot be carried over to SQLite.",
                "Create the table on the destination, with types that correspond, and run the same command again.",
                DisplayName);

    public IValueFit? GetValueFit(TableSchema source, TableSchema destination)
    {
        lock (_db.Gate)
            return SqliteValueFit.Create(source, destination, isUtf8: _db.ScalarText("PRAGMA main.encoding") == "UTF-8");
    }

    public ValueTask DisposeAsync()
    {
        _db.Dispose();
        return ValueTask.CompletedTask;
    }

    private static bool HasTable(SqliteDb db, string name)
        => db.ScalarInt64($"SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = {SqliteSql.Literal(name)}") != 0;

    public Task<T> ReadAsync<T>(Func<SqliteDb, T> work, CancellationToken cancellationToken)
        => SqliteReads.RunAsync(_db, () => SqliteViews.Read(_db, work, cancellationToken), cancellationToken);
}
