using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>One prepared INSERT that takes rows straight from their batch.</summary>
internal sealed unsafe class SqliteInserter(SqliteDb db, TableSchema table, SqliteColumn[] columns) : IDisposable
{
    private readonly SqliteStatement _insert = db.Prepare(
        $"{SqliteSql.Insert} main.{SqliteSql.Quote(table.Name.Name)} ({SqliteSql.List(columns)})"
        + $" VALUES ({string.Join(", ", columns.Select((_, i) => "?" + (i + 1)))})");

    public long Insert(RowBatch batch)
    {
        fixed (byte* pinned = batch.Bytes)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var row = batch[i];
                SqliteRowWriter.BindStored(db, _insert.Handle, columns, row);
                if (Native.Step(_insert.Handle) != Native.Done)
                    throw SqliteRowChanges.Describe(db.Failure(), table, row);
                _insert.Reset();
            }
        }

        return batch.Count;
    }

    public void Dispose() => _insert.Dispose();
}
