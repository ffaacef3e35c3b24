using System.Text.RegularExpressions;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// Two SQLite files under one commit each, open in one process: connections on the destination to which the source is attached, and
/// ordinary readers of either side. All of them began together.
/// </summary>
internal sealed partial class SqlitePair : ISidePair
{
    private readonly SqliteSnapshot _source;
    private readonly SqliteSnapshot _destination;
    private readonly ConnectionPool _both;
    private bool _sourceTaken;

    private SqlitePair(SqliteSnapshot source, SqliteSnapshot destination, IReadOnlyList<SqliteDb> both)
    {
        _source = source;
        _destination = destination;
        _both = new ConnectionPool(both);
    }

    public ISideSnapshot Source => _source;

    public ISideSnapshot Destination => _destination;

    /// <summary>Null where one statement cannot compare the two exactly.</summary>
    public static SqlitePair? TryBegin(SqliteSide source, SqliteSide destination, SnapshotOptions options, CancellationToken cancellationToken)
    {
        if (destination.IsSameDatabase(source) || options.Profile.RowFilters.Values.Any(f => BeyondItsRow().IsMatch(f)))
            return null;
        var readers = Math.Max(1, options.Readers);
        var opened = new List<SqliteDb>();
        try
        {
            SqliteDb Open(SqliteSide side)
            {
                opened.Add(SqliteDb.Open(side.Database, side.DisplayName, write: false));
                return opened[^1];
            }

            using var sourceWatch = SqliteDb.Open(source.Database, source.DisplayName, write: false);
            using var destinationWatch = SqliteDb.Open(destination.Database, destination.DisplayName, write: false);
            const string utf8 = "UTF-8";
            if (Encoding(sourceWatch, cancellationToken) != utf8 || Encoding(destinationWatch, cancellationToken) != utf8)
                return null;
            var sources = Enumerable.Range(0, readers).Select(_ => Open(source)).ToList();
            var destinations = Enumerable.Range(0, readers).Select(_ => Open(destination)).ToList();

            var both = Enumerable.Range(0, readers).Select(_ => Open(destination)).ToList();
            foreach (var db in both)
                db.Attach(source.Database, cancellationToken);
            SqliteViews.BeginTogether(
                [.. sources, .. destinations, .. both], [sourceWatch, destinationWatch], cancellationToken);
            var sourceTables = SqliteCatalog.Read(sources[0], options.Profile);
            var destinationTables = SqliteCatalog.Read(destinations[0], options.Profile);
            if (!MultisetComparison.CanCount(sourceTables) || !MultisetComparison.CanCount(destinationTables))
            {
                opened.ForEach(d => d.Dispose());
                return null;
            }

            return new SqlitePair(new SqliteSnapshot(sources, sourceTables), new SqliteSnapshot(destinations, destinationTables), both);
        }
        catch
        {
            opened.ForEach(d => d.Dispose());
            throw;
        }
    }

    public async Task<long> CompareAsync(
        TableSchema source, TableSchema destination, Func<RowDifferenceKind, RowBatch, ValueTask> onDifferences, CancellationToken cancellationToken)
    {
        using var sink = new DifferenceSink(onDifferences);
        return await new TableComparer(Pair(source, destination, _both.All[0]), _destination.Tables, _both, sink)
            .RunAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task<IPairedTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
        => Task.Run<IPairedTransaction>(
            async () =>
            {
                // The pool hands out any of them, and only the first may write.
                var rented = new List<SqliteDb>();
                while (rented.Count < _both.All.Count)
                    rented.Add(await _both.RentAsync(cancellationToken).ConfigureAwait(false));
                var db = _both.All[0];
                try
                {
                    Upgrade(db, lockTimeout, cancellationToken);
                }
                catch
                {
                    rented.ForEach(_both.Return);
                    throw;
                }

                // What this transaction writes cannot reach the file while others of ours still read it.
                await _destination.DisposeAsync().ConfigureAwait(false);
                _both.Abandon(db);
                _sourceTaken = true;
                try
                {
                    return new SqlitePairedTransaction(db, lockTimeout, _source);
                }
                catch
                {
                    db.Dispose();
                    await _source.DisposeAsync().ConfigureAwait(false);
                    throw;
                }
            },
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _destination.DisposeAsync().ConfigureAwait(false);
        _both.Dispose();
        if (!_sourceTaken)
            await _source.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// What lets a row filter reach another table: SELECT, IN with a table's name, a schema's name. On a connection that holds both files
    /// such a filter of the source would read the destination's tables.
    /// </summary>
    [GeneratedRegex(@"\bSELECT\b|\bIN\b(?!\s*\()|\bmain\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex BeyondItsRow();

    private PairedTable Pair(TableSchema source, TableSchema destination, SqliteDb db)
        => new(source, _source.Tables.Find(source, db), destination, _destination.Tables.Find(destination, db));

    private static string Encoding(SqliteDb db, CancellationToken cancellationToken)
        => SqliteViews.Read(db, d => d.ScalarText("PRAGMA main.encoding") ?? string.Empty, cancellationToken);

    /// <summary>
    /// Makes the connection's read transaction on the destination a write transaction. With a rollback journal nobody can have committed
    /// meanwhile, because the read lock was held; with WAL SQLite refuses when somebody has.
    /// </summary>
    private static void Upgrade(SqliteDb db, TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        // The pool lends any of its connections, and until here all of them were held to reading.
        db.Execute("PRAGMA query_only = OFF");
        SqliteTransaction.Prepare(db);
        var version = db.ScalarInt64("PRAGMA main.user_version");
        try
        {
            // Any write takes the lock; this one writes what is there already.
            if (!db.TryExecuteLocked(FormattableString.Invariant($"PRAGMA main.user_version = {version}"), lockTimeout, cancellationToken))
                throw SqliteTransaction.InUse(db, lockTimeout);
        }
        catch (LoggerCmsException e) when (e.Code == ErrorCodes.DestinationChanged)
        {
            throw new LoggerCmsException(
                e.Code,
                $"'{db.Path}' was written between the comparison and the lock.",
                "Run the same command again; if its writers do not rest, stop them for the time of the transfer.",
                db.Side,
                innerException: e);
        }
    }
}
