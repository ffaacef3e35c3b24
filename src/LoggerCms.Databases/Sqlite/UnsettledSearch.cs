using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Looks single rows up by key on the other side.</summary>
internal sealed class UnsettledSearch : IDisposable
{
    private readonly PairedTable _table;
    private readonly SqliteCatalog _catalog;
    private readonly SqliteDb _db;

    public UnsettledSearch(PairedTable table, SqliteCatalog catalog, SqliteDb db)
    {
        _table = table;
        _catalog = catalog;
        _db = db;
    }

    public RowBatch OnlyInSource { get; } = new(4096);

    public RowBatch OnlyInDestination { get; } = new(4096);

    public RowBatch Different { get; } = new(4096);

    public long Equal { get; private set; }

    public bool Run(UnsettledSlice slice)
    {
        if (slice.InSource)
            SearchDestination(slice.Ids);
        else
            SearchSource(slice.Ids);
        return true;
    }

    public void Dispose()
    {
        OnlyInSource.Dispose();
        OnlyInDestination.Dispose();
        Different.Dispose();
    }

    private void SearchDestination(ArraySegment<long> ids)
    {
        const int absent = 0, equal = 1;
        var reader = new SqliteRowReader(_table.SourceKey, _catalog.IsUtf8);
        using var find = _db.Prepare(
            $"SELECT CASE WHEN d.{_table.DestinationKey[0].Quoted} IS NULL THEN {absent} WHEN {_table.SameRow} THEN {equal} ELSE 2 END, {_table.SourceKeyList}"
            + $" FROM {_table.FromSource} LEFT JOIN {_table.FromDestination} ON {_table.SameKey} WHERE {_table.SourceRowId} = ?1");
        foreach (var id in ids)
        {
            find.Bind(1, id);
            while (find.Step())
            {
                var found = find.Int64(0);
                if (found == equal)
                    Equal++;
                else
                    reader.Read(find.Handle, found == absent ? OnlyInSource : Different, first: 1);
            }

            find.Reset();
        }
    }

    private void SearchSource(ArraySegment<long> ids)
    {
        var reader = new SqliteRowReader(_table.DestinationKey, _catalog.IsUtf8);
        using var find = _db.Prepare(
            $"SELECT {_table.DestinationKeyList} FROM {_table.FromDestination}"
            + $" WHERE {_table.DestinationRowId} = ?1 AND NOT EXISTS (SELECT 1 FROM {_table.FromSource} WHERE {_table.SameKeyInSource})");
        foreach (var id in ids)
        {
            find.Bind(1, id);
            while (find.Step())
                reader.Read(find.Handle, OnlyInDestination);
            find.Reset();
        }
    }
}
