namespace LoggerCms.Core.Sides;

/// <summary>Implemented by a side whose database can read another side of the same make in one statement (two SQLite files, attached).</summary>
public interface IPairableSide : ISide
{
    /// <summary>
    /// Begins one consistent view of both sides, with this side as the destination; null where they cannot be paired (other make, other text encoding).
    /// </summary>
    Task<ISidePair?> TryBeginPairAsync(ISide source, SnapshotOptions options, CancellationToken cancellationToken);
}

/// <summary>Both sides under one snapshot each, compared and copied by the database itself.</summary>
public interface ISidePair : IAsyncDisposable
{
    /// <summary>The source under the pair's snapshot.</summary>
    ISideSnapshot Source { get; }

    /// <summary>The destination under the pair's snapshot.</summary>
    ISideSnapshot Destination { get; }

    /// <summary>
    /// Compares one table, exact to the byte and to the storage class. Keys of differing rows come in batches of canonical key fields
    /// (for a table without a key: whole rows, one for each surplus occurrence, OnlyInSource or OnlyInDestination).
    /// </summary>
    /// <returns>Rows that are equal.</returns>
    Task<long> CompareAsync(
        TableSchema source, TableSchema destination, Func<RowDifferenceKind, RowBatch, ValueTask> onDifferences, CancellationToken cancellationToken);

    /// <summary>
    /// Turns the pair's own view into the destination's write transaction: what the pair saw is then still what is there, or this throws
    /// DestinationChanged (or DestinationInUse after the lock's time-out). The pair's snapshots are used up by it, but the source stays readable through the transaction.
    /// </summary>
    Task<IPairedTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken);
}

/// <summary>A destination's transaction that also sees the source under the snapshot that was compared.</summary>
public interface IPairedTransaction : ISideTransaction
{
    /// <summary>The source under the snapshot that was compared, readable while the transaction is open.</summary>
    ISideSnapshot Source { get; }

    /// <summary>Inserts all rows of the source's table into the (cleared) destination's; returns how many.</summary>
    Task<long> CopyTableAsync(TableSchema source, TableSchema destination, CancellationToken cancellationToken);

    /// <summary>True when the tables are now equal, compared by the database inside this transaction.</summary>
    Task<bool> IsEqualAsync(TableSchema source, TableSchema destination, CancellationToken cancellationToken);
}
