using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Connections with a read transaction each on the same commit. A reader takes one while it reads.</summary>
internal sealed class SqliteSnapshot : ISideSnapshot
{
    private readonly ConnectionPool _readers;
    private readonly SqliteCatalog _catalog;
    private bool _disposed;

    /// <param name="readers">Connections inside their read transactions; the snapshot owns them.</param>
    /// <param name="catalog">Read in one of them.</param>
    public SqliteSnapshot(IReadOnlyList<SqliteDb> readers, SqliteCatalog catalog)
    {
        _readers = new ConnectionPool(readers);
        _catalog = catalog;
    }

    public int Readers => _readers.All.Count;

    public string Isolation => "read transaction";

    public SideCatalog Catalog => _catalog.Side;

    public SqliteCatalog Tables => _catalog;

    /// <summary>Opens <paramref name="count"/> readers on the same commit.</summary>
    public static SqliteSnapshot Open(string path, string side, int count, SideProfile profile, CancellationToken cancellationToken)
    {
        var readers = new List<SqliteDb>();
        try
        {
            // One reader sees one commit; several need a watch that says whether they see the same.
            using var watch = count > 1 ? SqliteDb.Open(path, side, write: false) : null;
            for (var i = 0; i < Math.Max(1, count); i++)
                readers.Add(SqliteDb.Open(path, side, write: false));
            SqliteViews.BeginTogether(readers, watch is null ? [] : [watch], cancellationToken);
            return new SqliteSnapshot(readers, SqliteCatalog.Read(readers[0], profile));
        }
        catch
        {
            readers.ForEach(r => r.Dispose());
            throw;
        }
    }

    public async IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var db = await _readers.RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await foreach (var batch in SqliteReads.ReadAsync(db, _catalog, query, cancellationToken).ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            _readers.Return(db);
        }
    }

    public async IAsyncEnumerable<RowBatch> ReadByKeyAsync(
        TableSchema table, RowBatch keys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var db = await _readers.RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await foreach (var batch in SqliteReads.ReadByKeyAsync(db, _catalog, table, keys, cancellationToken).ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            _readers.Return(db);
        }
    }

    public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken)
        => WithReaderAsync(db => SqliteReads.Count(db, _catalog, table), cancellationToken);

    public Task<long> EstimateCountAsync(TableSchema table, long rowBytes, CancellationToken cancellationToken)
        => WithReaderAsync(db => SqliteReads.Estimate(db, _catalog, table, rowBytes), cancellationToken);

    /// <exception cref="LoggerCmsException">DatabaseDamaged: see <see cref="SqliteIndexCheck"/>.</exception>
    public Task CheckIndexesAsync(TableSchema table, CancellationToken cancellationToken)
        => WithReaderAsync(
            db =>
            {
                SqliteIndexCheck.Require(db, _catalog.Find(table, db));
                return true;
            },
            cancellationToken);

    public Task<IReadOnlyList<KeyRange>> SplitAsync(TableSchema table, int parts, CancellationToken cancellationToken)
        => WithReaderAsync<IReadOnlyList<KeyRange>>(db => Split(db, _catalog.Find(table, db), parts), cancellationToken);

    public Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken)
        => WithReaderAsync(db => SqliteLogTables.Find(db)?.ReadPosition() ?? SidePosition.None, cancellationToken);

    public ValueTask DisposeAsync()
    {
        if (_disposed)
            return ValueTask.CompletedTask;
        _disposed = true;
        _readers.Dispose();
        return ValueTask.CompletedTask;
    }

    private static List<KeyRange> Split(SqliteDb db, SqliteTable table, int parts)
    {
        var ranges = new List<KeyRange>();
        if (!table.KeyIsRowId || parts < 2)
            return [new KeyRange(null, null)];
        foreach (var bound in RowIdBounds(db, "main", table, parts))
            ranges.Add(new KeyRange(ranges.Count == 0 ? null : ranges[^1].To, bound));
        ranges.Add(new KeyRange(ranges.Count == 0 ? null : ranges[^1].To, null));
        return ranges;
    }

    /// <summary>Row ids that split the range of a table's row ids into equal parts: parts - 1 of them at most.</summary>
    public static long[] RowIdBounds(SqliteDb db, string schema, SqliteTable table, int parts)
    {
        using var statement = db.Prepare(
            $"SELECT (SELECT min({table.RowId}) FROM {schema}.{table.Quoted}), (SELECT max({table.RowId}) FROM {schema}.{table.Quoted})");
        if (!statement.Step() || statement.IsNull(0))
            return [];
        var bounds = new long[parts];
        var count = 0;
        var first = statement.Int64(0);
        var (part, rest) = Math.DivRem(unchecked((ulong)statement.Int64(1) - (ulong)first), (ulong)parts);
        for (var i = 1UL; i < (ulong)parts; i++)
        {
            var bound = unchecked((long)((ulong)first + (part * i) + (rest * i / (ulong)parts)));
            if (bound > (count == 0 ? first : bounds[count - 1]))
                bounds[count++] = bound;
        }

        return bounds[..count];
    }

    private Task<T> WithReaderAsync<T>(Func<SqliteDb, T> work, CancellationToken cancellationToken)
        => _readers.UseAsync(db => SqliteReads.RunAsync(db, () => work(db), cancellationToken), cancellationToken);
}
