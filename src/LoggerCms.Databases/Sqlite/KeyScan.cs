using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Looks every row of a part of the source up in the destination by its key.</summary>
internal sealed class KeyScan : IDisposable
{
    private const int RowsPerTurn = 4096;

    private readonly SqliteDb _db;
    private readonly SqliteRowReader _key;
    private readonly SqliteStatement _join;

    public KeyScan(PairedTable table, SqliteCatalog catalog, SqliteDb db, long from, long to)
    {
        _db = db;
        _key = new SqliteRowReader(table.SourceKey, catalog.IsUtf8);
        var there = $"d.{table.DestinationKey[0].Quoted}";
        var range = table.SourceTable.RowId is null ? string.Empty : FormattableString.Invariant($"{table.SourceRowId} BETWEEN {from} AND {to} AND ");
        lock (db.Gate)
        {
            _join = db.Prepare(
                $"SELECT {there} IS NULL, {table.SourceKeyList} FROM {table.FromSource} LEFT JOIN {table.FromDestination} ON {table.SameKey}"
                + $" WHERE {range}CASE WHEN {there} IS NOT NULL AND {table.SameRow} THEN {SqliteDb.CountingFunction}() ELSE 1 END");
            db.Counter = 0;
        }
    }

    public RowBatch OnlyInSource { get; } = new(4096);

    public RowBatch Different { get; } = new(4096);

    public long Equal { get; private set; }

    public long DifferentRows { get; private set; }

    /// <summary>Collects some differences; false when there are no more.</summary>
    public bool Next()
    {
        for (var i = 0; i < RowsPerTurn; i++)
        {
            var more = _join.Step();
            Equal = _db.Counter;
            if (!more)
                return false;
            var absent = _join.Int64(0) != 0;
            if (!absent)
                DifferentRows++;
            _key.Read(_join.Handle, absent ? OnlyInSource : Different, first: 1);
        }

        return true;
    }

    public void Dispose()
    {
        lock (_db.Gate)
            _join.Dispose();
        OnlyInSource.Dispose();
        Different.Dispose();
    }
}
