namespace LoggerCms.Databases.Sqlite;

/// <summary>Holds rows with the same row id against each other in every column, and notes the ids of those that are not equal.</summary>
internal sealed class AlignedChunks : IDisposable
{
    private readonly SqliteDb _db;
    private readonly UnsettledRows _left;
    private readonly SqliteStatement _bound;
    private readonly SqliteStatement _join;
    private readonly SqliteStatement _count;
    private readonly SqliteStatement _surplus;
    private readonly List<long> _source = [];
    private readonly List<long> _destination = [];
    private readonly long _to;
    private long _from;
    private bool _done;

    public AlignedChunks(PairedTable table, SqliteDb db, long from, long to, UnsettledRows left)
    {
        _db = db;
        _left = left;
        _from = from;
        _to = to;
        string s = table.SourceRowId, d = table.DestinationRowId;
        lock (db.Gate)
        {
            _bound = db.Prepare($"SELECT {s} FROM {table.FromSource} WHERE {s} BETWEEN ?1 AND ?2 ORDER BY {s} LIMIT 1 OFFSET {RowIdChunks.RowsPerChunk}");
            _join = db.Prepare(
                $"SELECT {s} FROM {table.FromSource} LEFT JOIN {table.FromDestination} ON {d} = {s}"
                + $" WHERE {s} BETWEEN ?1 AND ?2 AND CASE WHEN {d} IS NOT NULL AND {table.SameRow} THEN {SqliteDb.CountingFunction}() ELSE 1 END");
            _count = db.Prepare($"SELECT count(*) FROM {table.FromDestination} WHERE {d} BETWEEN ?1 AND ?2");
            _surplus = db.Prepare(
                $"SELECT {d} FROM {table.FromDestination} LEFT JOIN {table.FromSource} ON {s} = {d}"
                + $" WHERE {d} BETWEEN ?1 AND ?2 AND CASE WHEN {s} IS NOT NULL AND {table.SameRow} THEN 0 ELSE 1 END");
        }
    }

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
        Collect(_join, to, _source);
        var equal = _db.Counter;
        _count.Bind(1, _from).Bind(2, to).Step();
        var there = _count.Int64(0);
        _count.Reset();
        if (there != equal)
            Collect(_surplus, to, _destination);
        _left.Add(equal, _source, _destination);
        _source.Clear();
        _destination.Clear();
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
    }

    private void Collect(SqliteStatement statement, long to, List<long> ids)
    {
        statement.Bind(1, _from).Bind(2, to);
        while (statement.Step())
            ids.Add(statement.Int64(0));
        statement.Reset();
    }
}
