using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Compares a range of both tables by row id, which is the key.</summary>
internal sealed class RowIdChunks(PairedTable table, SqliteCatalog catalog, SqliteDb db, long from, long to) : RowIdWalk(
    table,
    db,
    from,
    to,
    unequal: $"{table.DestinationRowId} IS NULL, {table.SourceKeyList}",
    surplus: table.DestinationKeyList,
    isSurplus: $"{table.SourceRowId} IS NULL")
{
    private readonly SqliteRowReader _sourceKey = new(table.SourceKey, catalog.IsUtf8);
    private readonly SqliteRowReader _destinationKey = new(table.DestinationKey, catalog.IsUtf8);

    public RowBatch OnlyInSource { get; } = new(4096);

    public RowBatch OnlyInDestination { get; } = new(4096);

    public RowBatch Different { get; } = new(4096);

    public long Equal { get; private set; }

    protected override long Accounted => Different.Count;

    public override void Dispose()
    {
        base.Dispose();
        OnlyInSource.Dispose();
        OnlyInDestination.Dispose();
        Different.Dispose();
    }

    protected override void OnUnequal(SqliteStatement row)
        => _sourceKey.Read(row.Handle, row.Int64(0) != 0 ? OnlyInSource : Different, first: 1);

    protected override void OnSurplus(SqliteStatement row) => _destinationKey.Read(row.Handle, OnlyInDestination);

    protected override void OnChunk(long equal) => Equal += equal;
}
