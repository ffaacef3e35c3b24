namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// Walks a range of both tables by row id. In chunks, so that what is counted after the rows were compared is still in the connection's
/// page cache: only where the counts differ are the destination's rows looked at once more.
/// </summary>
internal abstract class RowIdWalk : IDisposable
{
    private const int RowsPerChunk = 4096;

    private readonly SqliteDb _db;
    private readonly SqliteStatement _bound;
    private readonly SqliteStatement _join;
    private readonly SqliteStatement _count;
    private readonly SqliteStatement _surplus;
    private readonly long _to;
    private long _from;
    private bool _done;

    /// <param name="table">The table on both sides.</param>
    /// <param name="db">The connection, to which the source is attached.</param>
    /// <param name="from">The first row id.</param>
    /// <param name="to">The last one.</param>
    /// <param name="unequal">What to select of a row of the source that is not equal to the destination's of the same id.</param>
    /// <param name="surplus">What to select of a row of the destination that fulfils <paramref name="isSurplus"/>.</param>
    /// <param name="isSurplus">A condition on both rows; the source's is NULL where there is none.</param>
    protected RowIdWalk(PairedTable table, SqliteDb db, long from, long to, string unequal, string surplus, string isSurplus)
    {
        _db = db;
        _from = from;
        _to = to;
        string s = table.SourceRowId, d = table.DestinationRowId;
        lock (db.Gate)
        {
            _bound = db.Prepare($"SELECT {s} FROM {table.FromSource} WHERE {s} BETWEEN ?1 AND ?2 ORDER BY {s} LIMIT 1 OFFSET {RowsPerChunk}");
            _join = db.Prepare(
                $"SELECT {unequal} FROM {table.FromSource} LEFT JOIN {table.FromDestination} ON {d} = {s}"
                + $" WHERE {s} BETWEEN ?1 AND ?2 AND CASE WHEN {d} IS NOT NULL AND {table.SameRow} THEN {SqliteDb.CountingFunction}() ELSE 1 END");
            _count = db.Prepare($"SELECT count(*) FROM {table.FromDestination} WHERE {d} BETWEEN ?1 AND ?2");
            _surplus = db.Prepare(
                $"SELECT {surplus} FROM {table.FromDestination} LEFT JOIN {table.FromSource} ON {s} = {d} WHERE {d} BETWEEN ?1 AND ?2 AND {isSurplus}");
        }
    }

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
            OnUnequal(_join);
        _join.Reset();
        var equal = _db.Counter;
        _count.Bind(1, _from).Bind(2, to).Step();
        var there = _count.Int64(0);
        _count.Reset();
        if (there != equal + Accounted)
        {
            _surplus.Bind(1, _from).Bind(2, to);
            while (_surplus.Step())
                OnSurplus(_surplus);
            _surplus.Reset();
        }

        OnChunk(equal);
        _from = _done ? _to : to + 1;
        return true;
    }

    public virtual void Dispose()
    {
        lock (_db.Gate)
        {
            _bound.Dispose();
            _join.Dispose();
            _count.Dispose();
            _surplus.Dispose();
        }
    }

    /// <summary>Rows of the destination that are not equal and that this chunk needs no second look for.</summary>
    protected abstract long Accounted { get; }

    protected abstract void OnUnequal(SqliteStatement row);

    protected abstract void OnSurplus(SqliteStatement row);

    protected abstract void OnChunk(long equal);
}
