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

    public async Task<bool> IsEqualAsync(TableSchema source, TableSchema destination, CancellationToken cancellationToken)
    {
        using var sink = new DifferenceSink(receiver: null);
        var pool = new ConnectionPool([Db]);
        await new TableComparer(Pair(source, destination), Tables, pool, sink).RunAsync(cancellationToken).ConfigureAwait(false);
        return !sink.IsSettled;
    }

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
            return $"{SqliteSql.Insert} main.{table.DestinationTable.Quoted} SELECT * FROM src.{table.SourceTable.Quoted}";
        var id = table.HaveRowIds && table.Destination.RowFilter is null && table.Destination.SideLocalColumns.Count == 0
            && !table.SourceColumns.Any(c => c.IsRowId) && !table.DestinationColumns.Any(c => c.IsRowId);
        string to = id ? table.DestinationTable.RowId + ", " : string.Empty, from = id ? table.SourceTable.RowId + ", " : string.Empty;
        return $"{SqliteSql.Insert} main.{table.DestinationTable.Quoted} ({to}{SqliteSql.List(table.DestinationColumns)})"
            + $" SELECT {from}{SqliteSql.List(table.SourceColumns)} FROM src.{table.SourceTable.Quoted}{SqliteSql.Filter(table.Source)}";
    }

    private PairedTable Pair(TableSchema from, TableSchema to)
        => new(from, source.Tables.Find(from, Db), to, Tables.Find(to, Db));
}
