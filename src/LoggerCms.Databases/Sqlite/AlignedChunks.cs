namespace LoggerCms.Databases.Sqlite;

/// <summary>Holds rows with the same row id against each other in every column, and notes the ids of those that are not equal.</summary>
internal sealed class AlignedChunks(PairedTable table, SqliteDb db, long from, long to, UnsettledRows left) : RowIdWalk(
    table,
    db,
    from,
    to,
    unequal: $"{table.SourceRowId}, {table.DestinationRowId} IS NOT NULL",
    surplus: table.DestinationRowId,
    isSurplus: $"{table.SourceRowId} IS NULL")
{
    private readonly List<long> _source = [];
    private readonly List<long> _destination = [];

    protected override long Accounted => _destination.Count;

    protected override void OnUnequal(SqliteStatement row)
    {
        _source.Add(row.Int64(0));
        if (row.Int64(1) != 0)
            _destination.Add(row.Int64(0));
    }

    protected override void OnSurplus(SqliteStatement row) => _destination.Add(row.Int64(0));

    protected override void OnChunk(long equal)
    {
        left.Add(equal, _source, _destination);
        _source.Clear();
        _destination.Clear();
    }
}
