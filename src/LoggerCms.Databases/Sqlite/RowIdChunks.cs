using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// Walks a range of both tables by row id, which is the key. In chunks, so that what is counted after the rows were compared is still in
/// the connection's page cache.
/// </summary>
internal sealed class RowIdChunks : IDisposable
{
    public const int RowsPerChunk = 4096;

    private readonly SqliteDb _db;
    private readonly SqliteRowReader _sourceKey;
    private readonly SqliteRowReader _destinationKey;
    private readonly SqliteStatement _bound;
    private readonly SqliteStatement _join;
    private readonly SqliteStatement _count;
    private readonly SqliteStatement _surplus;
    private readonly long _to;
    private long _from;
    private bool _done;

    public RowIdChunks(PairedTable table, SqliteCatalog catalog, SqliteDb db, long from, long to)
    {
        _db = db;
        _from = from;
        _to = to;
        _sourceKey = new SqliteRowReader(table.SourceKey, catalog.IsUtf8);
        _destinationKey = new SqliteRowReader(table.DestinationKey, catalog.IsUtf8);
        string s = table.SourceRowId, d = table.DestinationRowId;
        lock (db.Gate)
        {
            _bound = db.Prepare($"SELECT {s} FROM {table.FromSource} WHERE {s} BETWEEN ?1 AND ?2 ORDER BY {s} LIMIT 1 OFFSET {RowsPerChunk}");
            _join = db.Prepare(
                $"SELECT {d} IS NULL, {table.SourceKeyList} FROM {table.FromSource} LEFT JOIN {table.FromDestination} ON {d} = {s}"
                + $" WHERE {s} BETWEEN ?1 AND ?2 AND CASE WHEN {d} IS NOT NULL AND {table.SameRow} THEN {SqliteDb.CountingFunction}() ELSE 1 END");
            _count = db.Prepare($"SELECT count(*) FROM {table.FromDestination} WHERE {d} BETWEEN ?1 AND ?2");
            _surplus = db.Prepare(
                $"SELECT {table.DestinationKeyList} FROM {table.FromDestination} LEFT JOIN {table.FromSource} ON {s} = {d}"
                + $" WHERE {d} BETWEEN ?1 AND ?2 AND {s} IS NULL");
        }
    }

    public RowBatch OnlyInSource { get; } = new(4096);

    public RowBatch OnlyInDestination { get; } = new(4096);

    public RowBatch Different { get; } = new(4096);

    public long Equal { get; private set; }

    /// <summary>Compares the next chunk; false when there is none.</summary>
    public bool Next()
    {
        if (_done)
            return false;
        var to = _to;
        if (_bound.Bind(1, _from).Bind(2, _to).Step())
            to = _bound.Int64(0) - 1;
        else
            _done = true;
        _bound.Reset();
        _db.Counter = 0;
        _join.Bind(1, _from).Bind(2, to);
        while (_join.Step())
            _sourceKey.Read(_join.Handle, _join.Int64(0) != 0 ? OnlyInSource : Different, first: 1);
        _join.Reset();
        Equal += _db.Counter;
        var matched = _db.Counter + Different.Count;
        _count.Bind(1, _from).Bind(2, to).Step();
        var there = _count.Int64(0);
        _count.Reset();
        if (there != matched)
        {
            _surplus.Bind(1, _from).Bind(2, to);
            while (_surplus.Step())
                _destinationKey.Read(_surplus.Handle, OnlyInDestination);
            _surplus.Reset();
        }

        _from = _done ? _to : to + 1;
        return true;
    }

    public void Dispose()
    {
        lock (_db.Gate)
        {
            _bound.Dispose();
            _join.Dispose();
            _count.Dispose();
            _surplus.Dispose();
        }

        OnlyInSource.Dispose();
        OnlyInDestination.Dispose();
        Different.Dispose();
    }
}
