using LoggerCms.Core;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// Compares one table over all connections of a pool. The cheapest way that is exact is tried first:
/// <list type="number">
/// <item>The key is the row's id: both tables are walked side by side by it, in chunks.</item>
/// <item>Rows have ids on both sides: rows with the same id are held against each other in every column, the key included. What is equal is
/// settled, because no other row can have its key; what is left is looked up by key. Where too much is left, the ids do not
/// correspond, and the next way is taken.</item>
/// <item>Every row of the source is looked up by its key.</item>
/// <item>Without a key: by row id; if anything is left, equal rows are counted on both sides.</item>
/// </list>
/// Rows that only the destination has are looked for only where the counts say that there are some.
/// </summary>
internal sealed class TableComparer(PairedTable table, SqliteCatalog catalog, ConnectionPool pool, DifferenceSink sink)
{
    private const int PartsPerConnection = 4;
    private const int SmallSpan = 8192;

    private long _equal;

    /// <returns>Rows that are equal.</returns>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        if (table.HaveRowIds && (table.KeyIsRowId || await CompareByRowIdAsync(cancellationToken).ConfigureAwait(false)))
        {
            if (table.KeyIsRowId)
                await OverPartsAsync("src", table.SourceTable, CompareChunksAsync, cancellationToken).ConfigureAwait(false);
        }
        else if (table.HasKey)
        {
            await CompareByKeyAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var only = await pool.UseAsync(
                db => new MultisetComparison(table, catalog, db, sink).RunAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
            var rows = await CountAsync(table.FromSource, cancellationToken).ConfigureAwait(false);
            _equal = rows - only;
        }

        return _equal;
    }

    private async Task CompareChunksAsync(SqliteDb db, long from, long to, CancellationToken cancellationToken)
    {
        using var chunks = new RowIdChunks(table, catalog, db, from, to);
        while (!sink.IsSettled && await SqliteReads.RunAsync(db, chunks.Next, cancellationToken).ConfigureAwait(false))
        {
            await sink.SendAsync(RowDifferenceKind.OnlyInSource, chunks.OnlyInSource).ConfigureAwait(false);
            await sink.SendAsync(RowDifferenceKind.Different, chunks.Different).ConfigureAwait(false);
            await sink.SendAsync(RowDifferenceKind.OnlyInDestination, chunks.OnlyInDestination).ConfigureAwait(false);
        }

        Interlocked.Add(ref _equal, chunks.Equal);
    }

    /// <summary>False where the row ids of the tables do not correspond; nothing was sent then.</summary>
    private async Task<bool> CompareByRowIdAsync(CancellationToken cancellationToken)
    {
        var left = new UnsettledRows();
        await OverPartsAsync(
            "src",
            table.SourceTable,
            async (db, from, to, cancel) =>
            {
                using var chunks = new AlignedChunks(table, db, from, to, left);
                while (left.AreFew && await SqliteReads.RunAsync(db, chunks.Next, cancel).ConfigureAwait(false))
                {
                }
            },
            cancellationToken).ConfigureAwait(false);
        if (!left.AreFew || (!table.HasKey && !left.AreNone))
            return false;
        Interlocked.Add(ref _equal, left.Equal);
        if (!left.AreNone)
        {
            await EachAsync(
                left.Slices(),
                async (db, slice, cancel) =>
                {
                    using var search = new UnsettledSearch(table, catalog, db);
                    await SqliteReads.RunAsync(db, () => search.Run(slice), cancel).ConfigureAwait(false);
                    await sink.SendAsync(RowDifferenceKind.OnlyInSource, search.OnlyInSource).ConfigureAwait(false);
                    await sink.SendAsync(RowDifferenceKind.Different, search.Different).ConfigureAwait(false);
                    await sink.SendAsync(RowDifferenceKind.OnlyInDestination, search.OnlyInDestination).ConfigureAwait(false);
                    Interlocked.Add(ref _equal, search.Equal);
                },
                cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private async Task CompareByKeyAsync(CancellationToken cancellationToken)
    {
        var matched = 0L;
        await OverPartsAsync(
            "src",
            table.SourceTable,
            async (db, from, to, cancel) =>
            {
                using var scan = new KeyScan(table, catalog, db, from, to);
                var more = true;
                while (more && !sink.IsSettled)
                {
                    more = await SqliteReads.RunAsync(db, scan.Next, cancel).ConfigureAwait(false);
                    await sink.SendAsync(RowDifferenceKind.OnlyInSource, scan.OnlyInSource).ConfigureAwait(false);
                    await sink.SendAsync(RowDifferenceKind.Different, scan.Different).ConfigureAwait(false);
                }

                Interlocked.Add(ref _equal, scan.Equal);
                Interlocked.Add(ref matched, scan.Equal + scan.DifferentRows);
            },
            cancellationToken).ConfigureAwait(false);
        if (sink.IsSettled || await CountAsync(table.FromDestination, cancellationToken).ConfigureAwait(false) == matched)
            return;
        await OverPartsAsync(
            "main",
            table.DestinationTable,
            async (db, from, to, cancel) =>
            {
                using var scan = new SurplusScan(table, catalog, db, from, to);
                var more = true;
                while (more && !sink.IsSettled)
                {
                    more = await SqliteReads.RunAsync(db, scan.Next, cancel).ConfigureAwait(false);
                    await sink.SendAsync(RowDifferenceKind.OnlyInDestination, scan.OnlyInDestination).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    private Task<long> CountAsync(string from, CancellationToken cancellationToken)
        => pool.UseAsync(
            db => SqliteReads.RunAsync(db, () => db.ScalarInt64($"SELECT count(*) FROM {from}"), cancellationToken), cancellationToken);

    /// <summary>Splits all possible row ids into parts that together leave none out, and works on them side by side.</summary>
    private async Task OverPartsAsync(
        string schema, SqliteTable split, Func<SqliteDb, long, long, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var bounds = split.RowId is null || pool.All.Count == 1
            ? []
            : await pool.UseAsync(
                db => SqliteReads.RunAsync(
                    db, () => SqliteSnapshot.RowIdBounds(db, schema, split, pool.All.Count * PartsPerConnection), cancellationToken),
                cancellationToken).ConfigureAwait(false);
        if (bounds.Length > 0 && unchecked((ulong)bounds[^1] - (ulong)bounds[0]) < SmallSpan)
            bounds = [];
        var parts = new List<Part>();
        var from = long.MinValue;
        foreach (var bound in bounds)
        {
            parts.Add(new Part(from, bound - 1));
            from = bound;
        }

        parts.Add(new Part(from, long.MaxValue));
        await EachAsync(parts, (db, part, cancel) => work(db, part.From, part.To, cancel), cancellationToken).ConfigureAwait(false);
    }

    private Task EachAsync<T>(IReadOnlyList<T> items, Func<SqliteDb, T, CancellationToken, Task> work, CancellationToken cancellationToken)
        => SideBySide.ForEachAsync(
            items,
            pool.All.Count,
            (item, cancel) => pool.UseAsync(
                async db =>
                {
                    await work(db, item, cancel).ConfigureAwait(false);
                    return true;
                },
                cancel),
            cancellationToken);

    private sealed record Part(long From, long To);
}
