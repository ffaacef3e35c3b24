namespace LoggerCms.Core.Sides;

/// <summary>One make of database. Stateless; drivers throw <see cref="LoggerCmsException"/> only, never their library's exceptions.</summary>
public interface ISideDriver
{
    SideProvider Provider { get; }

    /// <summary>Opens a side. Proves that it is there, is a database and can be read; makes nothing.</summary>
    Task<ISide> OpenAsync(SideConnection connection, CancellationToken cancellationToken);
}

/// <summary>An open side. Holds no transaction by itself. One caller at a time, but its snapshot's readers may run side by side.</summary>
public interface ISide : IAsyncDisposable
{
    SideConnection Connection { get; }

    SideProvider Provider { get; }

    /// <summary>What to call the side in results: its name where it has one, otherwise its database.</summary>
    string DisplayName { get; }

    string Database { get; }

    /// <summary>Something equal for two connections to the same database and different otherwise (a resolved path; server and database). Records keep it.</summary>
    string Identity { get; }

    /// <summary>True where the other side is this very database, also under another name that <see cref="Identity"/> cannot see through (a hard link).</summary>
    bool IsSameDatabase(ISide other) => Provider == other.Provider && Identity == other.Identity;

    /// <summary>The side's config message log.</summary>
    ISideLog Log { get; }

    /// <summary>
    /// Begins one consistent, read-only view that all readers share. Nothing written after this call is seen through it.
    /// </summary>
    /// <param name="options">How many readers, and what to do where no snapshot is to be had.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="LoggerCmsException">SnapshotNotAvailable.</exception>
    Task<ISideSnapshot> BeginSnapshotAsync(SnapshotOptions options, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the one transaction of a transfer: shuts writers out of the tables as its first act, or throws DestinationInUse after
    /// <paramref name="lockTimeout"/>; switches triggers and foreign key actions off for this transaction only.
    /// Disposed without <see cref="ISideTransaction.CommitAsync"/>, everything is as it was.
    /// </summary>
    Task<ISideTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken);

    /// <summary>
    /// Shuts every other transfer into this database out until disposed; ends with the process at the latest.
    /// Null when another transfer holds it. Does not block ordinary writers.
    /// </summary>
    Task<IAsyncDisposable?> TryLockTransfersAsync(Guid transferId, CancellationToken cancellationToken);

    /// <summary>True when a transfer with this id committed here (its id is written in its own transaction).</summary>
    Task<bool> HasTransferAsync(Guid transferId, CancellationToken cancellationToken);

    /// <summary>How many transfers committed here.</summary>
    Task<long> CountTransfersAsync(CancellationToken cancellationToken);

    /// <summary>Free bytes where the database lives, or null where that cannot be known from here.</summary>
    Task<long?> GetFreeBytesAsync(CancellationToken cancellationToken);

    /// <summary>True while a node holds the side's lease (table loggercms_lease with an unexpired row).</summary>
    Task<bool> IsInServiceAsync(CancellationToken cancellationToken);

    /// <summary>Statements that would create the table in this database; for a table of the same make only.</summary>
    /// <exception cref="LoggerCmsException">SchemaMismatch where the make differs.</exception>
    string GetCreateTable(TableSchema table, SideProvider madeFor);

    /// <summary>
    /// A check whether values of <paramref name="source"/> can be stored here exactly, or null where the declared types already prove it.
    /// </summary>
    IValueFit? GetValueFit(TableSchema source, TableSchema destination);
}

public sealed record SnapshotOptions
{
    /// <summary>How many readers are wanted; a driver may give fewer.</summary>
    public int Readers { get; init; } = 1;

    public bool AllowBlockingRead { get; init; }

    /// <summary>Profile rules by table name: side-local columns and row filters.</summary>
    public SideProfile Profile { get; init; } = SideProfile.Empty;
}

/// <summary>Reads canonical rows: from a snapshot, or inside a transaction.</summary>
public interface IRowReader
{
    SideCatalog Catalog { get; }

    /// <summary>
    /// Rows in batches of about 256 KB. Where <see cref="RowQuery.Ordered"/>, ascending by the key in the columns' <see cref="KeyOrder"/>;
    /// otherwise in the order that is cheapest for the database.
    /// </summary>
    IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, CancellationToken cancellationToken);

    /// <summary>The rows whose keys are in <paramref name="keys"/> (canonical fields of the key columns, in key order), in no order. Missing ones are left out.</summary>
    IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken);

    /// <summary>Rows of a table under its row filter.</summary>
    Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken);

    /// <summary>About how many rows a table has, for a prediction: exact where that costs little, otherwise not more than the database's size allows.</summary>
    /// <param name="table">The table.</param>
    /// <param name="rowBytes">The mean size of a row, as sampled.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<long> EstimateCountAsync(TableSchema table, long rowBytes, CancellationToken cancellationToken) => CountAsync(table, cancellationToken);
}

/// <param name="Table">The table, from this reader's own catalog.</param>
/// <param name="Ordered">Whether the rows come in key order.</param>
/// <param name="Range">A part of the table, or null for all of it.</param>
public sealed record RowQuery(TableSchema Table, bool Ordered = false, KeyRange? Range = null);

/// <summary>From (inclusive) and to (exclusive) on the first key column, which is an Integer; null is open.</summary>
public sealed record KeyRange(long? From, long? To);

/// <summary>One consistent view of a side. Its readers may be used side by side, up to <see cref="Readers"/> at once.</summary>
public interface ISideSnapshot : IRowReader, IAsyncDisposable
{
    int Readers { get; }

    /// <summary>How the view is held, in the database's words, e.g. "read transaction", "repeatable read".</summary>
    string Isolation { get; }

    /// <summary>
    /// True where everything read through this view is the state of one moment. False where rows may change between two reads;
    /// then nothing read through it is called equal.
    /// </summary>
    bool IsConsistent => true;

    /// <summary>True where nobody writes what this view reads as long as it is held: not even the transaction of a transfer.</summary>
    bool ShutsWritersOut => false;

    /// <summary>Ranges that split the table into about equal parts; one open range where it cannot be split.</summary>
    Task<IReadOnlyList<KeyRange>> SplitAsync(TableSchema table, int parts, CancellationToken cancellationToken);

    /// <summary>The position of the config message log as this snapshot sees it; empty where none is enabled.</summary>
    Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken);
}

/// <summary>The one transaction in which a transfer is applied, verified and recorded.</summary>
/// <remarks>The config message log's triggers do not fire for what is written here.</remarks>
public interface ISideTransaction : IRowReader, IAsyncDisposable
{
    /// <summary>Deletes every row of the table under its row filter; returns how many there were.</summary>
    Task<long> ClearAsync(TableSchema table, CancellationToken cancellationToken);

    /// <summary>Inserts rows as they are, identity values kept.</summary>
    /// <exception cref="LoggerCmsException">ConstraintViolated, ValueNotRepresentable.</exception>
    Task InsertAsync(TableSchema table, IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken);

    /// <summary>Sets the columns in scope of the rows with these keys; returns how many rows there were. Keys match by bytes, not by collation.</summary>
    Task<long> UpdateAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken);

    /// <summary>Deletes by key. Keys match by bytes, not by collation. Returns how many rows there were.</summary>
    Task<long> DeleteAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken);

    /// <summary>Deletes one row equal in every column for each row of <paramref name="rows"/>: for tables without a key.</summary>
    Task<long> DeleteRowsAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken);

    /// <summary>Runs statements of <see cref="ISide.GetCreateTable"/> and reads the catalog again.</summary>
    Task CreateTableAsync(string statements, CancellationToken cancellationToken);

    /// <summary>Foreign keys of and to the tables in scope that do not hold; empty when all hold.</summary>
    Task<IReadOnlyList<BrokenForeignKey>> FindForeignKeyViolationsAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken);

    /// <summary>Writes the transfer's id, so that a lost answer to COMMIT can be settled.</summary>
    /// <returns>When that was, by the database's clock, and later than each transfer before it whatever that clock says; microseconds since 1970 UTC.</returns>
    Task<long> RecordTransferAsync(Guid transferId, CancellationToken cancellationToken);

    /// <summary>Log work inside this transaction; null where no log is enabled.</summary>
    ISideLogWriter? LogWriter { get; }

    /// <summary>Commits. Not cancellable.</summary>
    /// <exception cref="LoggerCmsException">OutcomeUnknown where the answer was lost; anything else means that it did not commit.</exception>
    Task CommitAsync();
}

/// <summary>Says whether a value can be stored exactly.</summary>
public interface IValueFit
{
    /// <summary>Null when every field of the canonical row fits; otherwise the index of the column and why it does not.</summary>
    (int Column, string Reason)? Check(ReadOnlySpan<byte> row);
}

/// <summary>A foreign key that does not hold.</summary>
/// <param name="Key">What tells it from every other one of the side.</param>
/// <param name="Rows">How many rows it does not hold for.</param>
/// <param name="Text">For a message.</param>
public sealed record BrokenForeignKey(string Key, long Rows, string Text);
