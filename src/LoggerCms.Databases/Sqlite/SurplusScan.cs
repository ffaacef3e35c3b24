using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Finds rows of a part of the destination whose key the source does not have.</summary>
internal sealed class SurplusScan : IDisposable
{
    private const int RowsPerTurn = 4096;

    private readonly SqliteDb _db;
    private readonly SqliteRowReader _key;
    private readonly SqliteStatement _scan;

    public SurplusScan(PairedTable table, SqliteCatalog catalog, SqliteDb db, long from, long to)
    {
        _db = db;
        _key = new SqliteRowReader(table.DestinationKey, catalog.IsUtf8);
        var range = table.DestinationTable.RowId is null
            ? string.Empty : FormattableString.Invariant($"{table.DestinationRowId} BETWEEN {from} AND {to} AND ");
        lock (db.Gate)
        {
            _scan = db.Prepare(
                $"SELECT {table.DestinationKeyList} FROM {table.FromDestination}"
                + $" WHERE {range}NOT EXISTS (SELECT 1 FROM {table.FromSource} WHERE {table.SameKeyInSource})");
        }
    }

    public RowBatch OnlyInDestination { get; } = new(4096);

    public bool Next()
    {
        for (var i = 0; i < RowsPerTurn; i++)
        {
            if (!_scan.Step())
                return false;
            _key.Read(_scan.Handle, OnlyInDestination);
        }

        return true;
    }

    public void Dispose()
    {
        lock (_db.Gate)
            _scan.Dispose();
        OnlyInDestination.Dispose();
    }
}
