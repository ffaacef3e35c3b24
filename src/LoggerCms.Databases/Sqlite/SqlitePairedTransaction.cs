using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The destination's transaction on the connection to which the source is attached.</summary>
internal sealed class SqlitePairedTransaction(SqliteDb db, TimeSpan lockTimeout, SqliteSnapshot source)
    : SqliteTransaction(db, lockTimeout), IPairedTransaction
{
    public ISideSnapshot Source => source;

    public Task<long> CopyTableAsync(TableSchema source, TableSchema destination, CancellationToken cancellationToken)
        => RunAsync(
            () =>
            {
                Db.Execute(CopyStatement(Pair(source, destination)));
                return Db.Changes;
            },
            cancellationToken);

    public Task<long> CopyRowsAsync(TableSchema source, TableSchema destination, RowBatch keys, CancellationToken cancellationToken)
        => RunAsync(
            () =>
            {
                var table = Pair(source, destination);
                var lookup = new SqliteKeyLookup(Db, table.SourceTable, source);
                using var copy = Db.Prepare(
                    $"INSERT INTO main.{table.DestinationTable.Quoted} ({SqliteSql.List(table.DestinationColumns)})"
                    + $" SELECT {SqliteSql.List(table.SourceColumns)} FROM src.{table.SourceTable.Quoted}{SqliteSql.Where(lookup.Condition(), source.RowFilter)}");
                var total = 0L;
                for (var i = 0; i < keys.Count; i++)
                {
                    lookup.ForEachRow(copy, keys[i], static _ => { });
                    total += Db.Changes;
                }

                return total;
            },
            cancellationToken);

    public async Task<bool> IsEqualAsync(TableSchema source, TableSchema destination, CancellationToken cancellationToken)
    {
        using var sink = new DifferenceSink(receiver: null);
        var pool = new ConnectionPool([Db]);
        await new TableComparer(Pair(source, destination), Tables, pool, sink).RunAsync(cancellationToken).ConfigureAwait(false);
        return !sink.IsSettled;
    }

    public Task<bool> AreRowsEqualAsync(TableSchema source, TableSchema destination, RowBatch keys, CancellationToken cancellationToken)
        => RunAsync(() => AreRowsEqual(Pair(source, destination), keys), cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        await source.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The form that SQLite copies page by page, without looking into rows and with the indexes as they are, where both tables are declared
    /// alike and the destination's is empty. Otherwise by columns, with row ids kept where nothing else sets them.
    /// </summary>
    private static string CopyStatement(PairedTable table)
    {
        var whole = table.Source.RowFilter is null
            && table.SourceTable.OwnOrder.SequenceEqual(table.DestinationTable.OwnOrder, StringComparer.Ordinal)
            && table.SourceTable.OwnOrder.Count == table.SourceColumns.Length;
        if (whole && !table.SourceTable.HasGenerated && !table.DestinationTable.HasGenerated)
            return $"INSERT INTO main.{table.DestinationTable.Quoted} SELECT * FROM src.{table.SourceTable.Quoted}";
        var id = table.HaveRowIds && table.Destination.RowFilter is null && table.Destination.SideLocalColumns.Count == 0
            && !table.SourceColumns.Any(c => c.IsRowId) && !table.DestinationColumns.Any(c => c.IsRowId);
        string to = id ? table.DestinationTable.RowId + ", " : string.Empty, from = id ? table.SourceTable.RowId + ", " : string.Empty;
        return $"INSERT INTO main.{table.DestinationTable.Quoted} ({to}{SqliteSql.List(table.DestinationColumns)})"
            + $" SELECT {from}{SqliteSql.List(table.SourceColumns)} FROM src.{table.SourceTable.Quoted}{SqliteSql.Filter(table.Source)}";
    }

    private unsafe bool AreRowsEqual(PairedTable table, RowBatch keys)
    {
        var sourceKey = KeyCondition("s", table.SourceKey);
        var destinationKey = KeyCondition("d", table.DestinationKey);
        using var look = Db.Prepare(
            $"SELECT (SELECT count(*) FROM {table.FromSource} WHERE {sourceKey}), (SELECT count(*) FROM {table.FromDestination} WHERE {destinationKey}),"
            + $" (SELECT count(*) FROM {table.FromSource}, {table.FromDestination} WHERE {sourceKey} AND {destinationKey} AND {table.SameRow})");
        for (var i = 0; i < keys.Count; i++)
        {
            fixed (byte* pinned = keys[i])
            {
                SqliteRowWriter.BindRow(Db, look.Handle, 1, table.SourceKey, keys[i]);
                look.Step();
                var (there, here, equal) = (look.Int64(0), look.Int64(1), look.Int64(2));
                look.Reset();
                if (there != here || there != equal)
                    return false;
            }
        }

        return true;
    }

    private static string KeyCondition(string alias, SqliteColumn[] key)
        => string.Join(" AND ", key.Select((c, i) => SqliteSql.SameAsParameter(c, $"?{i + 1}", alias + ".")));

    private PairedTable Pair(TableSchema from, TableSchema to)
        => new(from, source.Tables.Find(from, Db), to, Tables.Find(to, Db));
}
