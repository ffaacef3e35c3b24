using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Reading rows over one connection. What needs SQLite runs on the pool's threads, under the connection's gate.</summary>
internal static class SqliteReads
{
    private const int BatchCapacity = 256 * 1024;
    private const int BatchFill = 240 * 1024;
    private const int BatchesInFlight = 2;

    /// <summary>The statement of a <see cref="RowQuery"/>.</summary>
    public static string Select(SqliteTable table, RowQuery query)
    {
        var schema = query.Table;
        var key = table.SelectKey(schema);
        string? from = null, to = null;
        if (query.Range is { } range && (range.From ?? range.To) is not null)
        {
            if (!table.KeyIsRowId)
                throw new ArgumentException($"The table '{schema.Name}' cannot be read by ranges.", nameof(query));
            from = range.From is { } f ? FormattableString.Invariant($"{key[0].Quoted} >= {f}") : null;
            to = range.To is { } t ? FormattableString.Invariant($"{key[0].Quoted} < {t}") : null;
        }

        var order = !query.Ordered ? string.Empty
            : " ORDER BY " + string.Join(", ", key.Select(c => c.IsRowId || c.Affinity is Affinity.Integer ? c.Quoted : c.Quoted + " COLLATE BINARY"));
        return $"SELECT {SqliteSql.List(table.Select(schema))} FROM main.{table.Quoted}{SqliteSql.Where(schema.RowFilter, from, to)}{order}";
    }

    public static async IAsyncEnumerable<RowBatch> ReadAsync(
        SqliteDb db, SqliteCatalog catalog, RowQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var table = catalog.Find(query.Table, db);
        var reader = new SqliteRowReader(table.Select(query.Table), catalog.IsUtf8);
        SqliteStatement? statement = null;
        try
        {
            var batches = Stream(
                db,
                batch =>
                {
                    statement ??= db.Prepare(Select(table, query));
                    while (batch.Length < BatchFill)
                    {
                        if (!statement.Step())
                            return false;
                        reader.Read(statement.Handle, batch);
                    }

                    return true;
                },
                cancellationToken);
            await foreach (var batch in batches.ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            lock (db.Gate)
                statement?.Dispose();
        }
    }

    public static async IAsyncEnumerable<RowBatch> ReadByKeyAsync(
        SqliteDb db, SqliteCatalog catalog, TableSchema schema, RowBatch keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var table = catalog.Find(schema, db);
        var reader = new SqliteRowReader(table.Select(schema), catalog.IsUtf8);
        var lookup = new SqliteKeyLookup(db, table, schema);
        SqliteStatement? statement = null;
        var next = 0;
        try
        {
            var batches = Stream(
                db,
                batch =>
                {
                    statement ??= db.Prepare(
                        $"SELECT {SqliteSql.List(table.Select(schema))} FROM main.{table.Quoted}{SqliteSql.Where(lookup.Condition(), schema.RowFilter)}");
                    while (batch.Length < BatchFill && next < keys.Count)
                        lookup.ForEachRow(statement, keys[next++], s => reader.Read(s.Handle, batch));
                    return next < keys.Count;
                },
                cancellationToken);
            await foreach (var batch in batches.ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            lock (db.Gate)
                statement?.Dispose();
        }
    }

    public static long Count(SqliteDb db, SqliteCatalog catalog, TableSchema schema)
        => db.ScalarInt64($"SELECT count(*) FROM main.{catalog.Find(schema, db).Quoted}{SqliteSql.Filter(schema)}");

    /// <summary>
    /// Counting walks every page of the table; the width of its row ids is read from two. It stands for the count unless so many rows could not be in a file of this size.
    /// </summary>
    public static long Estimate(SqliteDb db, SqliteCatalog catalog, TableSchema schema, long rowBytes)
    {
        var table = catalog.Find(schema, db);
        if (table.RowId is not { } id || schema.RowFilter is not null)
            return Count(db, catalog, schema);
        var width = db.ScalarInt64($"SELECT coalesce((SELECT max({id}) FROM main.{table.Quoted}) - (SELECT min({id}) FROM main.{table.Quoted}) + 1.0, 0)");
        var pages = db.ScalarInt64("PRAGMA main.page_count") * db.ScalarInt64("PRAGMA main.page_size");
        return (double)width * rowBytes <= 1.5 * pages ? width : Count(db, catalog, schema);
    }

    /// <summary>Runs work on a pool thread that cancelling interrupts.</summary>
    public static Task<T> RunAsync<T>(SqliteDb db, Func<T> work, CancellationToken cancellationToken)
        => Task.Run(
            () =>
            {
                lock (db.Gate)
                    return Run(db, work, cancellationToken);
            },
            cancellationToken);

    public static T Run<T>(SqliteDb db, Func<T> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var registration = cancellationToken.UnsafeRegister(static state => ((SqliteDb)state!).Interrupt(), db);
        try
        {
            return work();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
    }

    /// <summary>Calls <paramref name="fill"/> on another thread, a few batches ahead of the consumer, until it returns false.</summary>
    private static async IAsyncEnumerable<RowBatch> Stream(
        SqliteDb db, Func<RowBatch, bool> fill, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<RowBatch>(new BoundedChannelOptions(BatchesInFlight) { SingleReader = true, SingleWriter = true });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var producer = Task.Run(() => ProduceAsync(db, fill, channel.Writer, stop.Token, cancellationToken), CancellationToken.None);
        try
        {
            while (await channel.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (channel.Reader.TryRead(out var batch))
                    yield return batch;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await producer.ConfigureAwait(false);
            while (channel.Reader.TryRead(out var left))
                left.Dispose();
        }
    }

    /// <summary>Never throws: the channel carries a failure to the consumer.</summary>
    private static async Task ProduceAsync(
        SqliteDb db, Func<RowBatch, bool> fill, ChannelWriter<RowBatch> writer, CancellationToken stop, CancellationToken cancellationToken)
    {
        RowBatch? batch = null;
        try
        {
            var more = true;
            while (more)
            {
                stop.ThrowIfCancellationRequested();
                batch = new RowBatch(BatchCapacity);
                lock (db.Gate)
                    more = Run(db, () => fill(batch), cancellationToken);
                if (batch.Count > 0)
                {
                    await writer.WriteAsync(batch, stop).ConfigureAwait(false);
                    batch = null;
                }
            }

            writer.Complete();
        }
        catch (Exception failure)
        {
            writer.Complete(failure is OperationCanceledException && cancellationToken.IsCancellationRequested
                ? new OperationCanceledException(cancellationToken)
                : failure);
        }
        finally
        {
            batch?.Dispose();
        }
    }
}
