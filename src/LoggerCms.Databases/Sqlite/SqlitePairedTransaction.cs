using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The destination's transaction on the connection to which the source is attached.</summary>
internal sealed class SqlitePairedTransaction(SqliteDb db, TimeSpan lockTimeout, SqliteSnapshot source)
    : SqliteTransaction(db, lockTimeout), IPairedTransaction
{
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _checks = [];

    public ISideSnapshot Source => source;

    public Task<long> CopyTableAsync(TableSchema from, TableSchema to, CancellationToken cancellationToken)
    {
        var pair = Pair(from, to);
        var copiesIndexes = IsCopiedAsItIs(pair);

        // Beside the copy, by the source's own readers, which have nothing else to do.
        if (copiesIndexes)
            _checks.Add(source.CheckIndexesAsync(from, _ending.Token));
        return RunAsync(
            () =>
            {
                Db.Execute(CopyStatement(pair, copiesIndexes));
                return Db.Changes;
            },
            cancellationToken);
    }

    public override async Task CommitAsync()
    {
        await Task.WhenAll(_checks).ConfigureAwait(false);
        await base.CommitAsync().ConfigureAwait(false);
    }

    public async Task<bool> IsEqualAsync(TableSchema source, TableSchema destination, CancellationToken cancellationToken)
    {
        using var sink = new DifferenceSink(receiver: null);
        var pool = new ConnectionPool([Db]);
        await new TableComparer(Pair(source, destination), Tables, pool, sink).RunAsync(cancellationToken).ConfigureAwait(false);
        return !sink.IsSettled;
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_ending.IsCancellationRequested)
        {
            await _ending.CancelAsync().ConfigureAwait(false);
            foreach (var check in _checks)
                await check.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _ending.Dispose();
        }

        await base.DisposeAsync().ConfigureAwait(false);
        await source.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Whether SQLite copies it entry by entry, without looking into rows and with the indexes as they are: where it is declared alike too.</summary>
    private static bool IsCopiedAsItIs(PairedTable table) => table.Source.RowFilter is null
        && table.SourceTable.OwnOrder.SequenceEqual(table.DestinationTable.OwnOrder, StringComparer.Ordinal)
        && table.SourceTable.OwnOrder.Count == table.SourceColumns.Length
        && !table.SourceTable.HasGenerated && !table.DestinationTable.HasGenerated;

    /// <summary>Otherwise it is copied by columns, with row ids kept where nothing else sets them.</summary>
    private static string CopyStatement(PairedTable table, bool asItIs)
    {
        if (asItIs)
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
