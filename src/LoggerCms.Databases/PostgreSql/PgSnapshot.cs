using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Repeatable-read transactions that share one exported snapshot, one a reader.</summary>
internal sealed class PgSnapshot : ISideSnapshot, IRowHasher
{
    private readonly ConcurrentBag<PgSession> _all = [];
    private readonly Channel<PgSession> _free = Channel.CreateUnbounded<PgSession>();
    private readonly PgCatalog _catalog;
    private readonly SidePosition _position;

    private PgSnapshot(IReadOnlyList<PgSession> sessions, PgCatalog catalog, SidePosition position)
    {
        foreach (var session in sessions)
        {
            _all.Add(session);
            _free.Writer.TryWrite(session);
        }

        _catalog = catalog;
        _position = position;
        Readers = sessions.Count;
    }

    public int Readers { get; }

    public string Isolation => "repeatable read";

    public SideCatalog Catalog => _catalog.Side;

    public static async Task<PgSnapshot> BeginAsync(
        Func<CancellationToken, Task<PgSession>> open, SnapshotOptions options, CancellationToken cancellationToken)
    {
        var sessions = new List<PgSession>();
        try
        {
            var first = await open(cancellationToken).ConfigureAwait(false);
            sessions.Add(first);
            var own = await PgLogPosition.ReadAsync(first, cancellationToken).ConfigureAwait(false);
            await first.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", cancellationToken).ConfigureAwait(false);
            var catalog = await PgCatalog.ReadAsync(first, options.Profile, cancellationToken).ConfigureAwait(false);
            if (options.Readers > 1)
                await AddReadersAsync(sessions, open, options.Readers, cancellationToken).ConfigureAwait(false);
            var position = own is null ? SidePosition.None : await own.CompleteAsync(first, cancellationToken).ConfigureAwait(false);
            return new PgSnapshot(sessions, catalog, position);
        }
        catch
        {
            foreach (var session in sessions)
                await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, CancellationToken cancellationToken)
        => ReadAsync(session => PgRows.ReadAsync(session, _catalog[query.Table.Name], query, cancellationToken), cancellationToken);

    public IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
        => ReadAsync(session => PgKeyLookup.ReadAsync(session, _catalog[table.Name], table, keys, cancellationToken), cancellationToken);

    public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken)
        => UseAsync(session => PgRows.CountAsync(session, _catalog[table.Name], table, cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<KeyRange>> SplitAsync(TableSchema table, int parts, CancellationToken cancellationToken)
    {
        var physical = _catalog[table.Name];
        if (parts < 2 || !table.HasKey || physical.Key(table)[0] is not { Codec: PgCodec.Int2 or PgCodec.Int4 or PgCodec.Int8 } column)
            return [new KeyRange(null, null)];

        var bounds = await UseAsync(
            session => session.QueryAsync(
                $"SELECT min(t.{column.Quoted})::bigint, max(t.{column.Quoted})::bigint FROM {physical.From} AS t",
                r => r.IsDBNull(0) ? ((long, long)?)null : (r.GetInt64(0), r.GetInt64(1)),
                cancellationToken),
            cancellationToken).ConfigureAwait(false);
        if (bounds[0] is not var (least, greatest) || (Int128)greatest - least < parts)
            return [new KeyRange(null, null)];

        var span = ((Int128)greatest - least + 1) / parts;
        var cuts = Enumerable.Range(1, parts - 1).Select(i => (long?)(long)(least + (span * i))).ToArray();
        return [.. Enumerable.Range(0, parts).Select(i => new KeyRange(i == 0 ? null : cuts[i - 1], i == parts - 1 ? null : cuts[i]))];
    }

    public string? GetHashForm(TableSchema table) => PgHasher.GetForm(_catalog[table.Name], table);

    public Task<IReadOnlyList<PlaceRange>> CutPlacesAsync(TableSchema table, CancellationToken cancellationToken)
        => UseAsync(session => PgHasher.CutAsync(session, _catalog[table.Name], cancellationToken), cancellationToken);

    public Task<RowHashes> HashAsync(TableSchema table, PlaceRange range, CancellationToken cancellationToken)
        => UseAsync(session => PgHasher.HashAsync(session, _catalog[table.Name], table, range, cancellationToken), cancellationToken);

    public IAsyncEnumerable<RowBatch> ReadAtAsync(TableSchema table, IReadOnlyList<long> places, CancellationToken cancellationToken)
        => ReadAsync(session => PgHasher.ReadAtAsync(session, _catalog[table.Name], table, places, cancellationToken), cancellationToken);

    public Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken) => Task.FromResult(_position);

    public async ValueTask DisposeAsync()
    {
        _free.Writer.TryComplete();
        foreach (var session in _all)
            await session.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task AddReadersAsync(
        List<PgSession> sessions, Func<CancellationToken, Task<PgSession>> open, int readers, CancellationToken cancellationToken)
    {
        var snapshot = await sessions[0].ScalarAsync<string>("SELECT pg_export_snapshot()", cancellationToken).ConfigureAwait(false);
        while (sessions.Count < readers)
        {
            PgSession session;
            try
            {
                session = await open(cancellationToken).ConfigureAwait(false);
            }
            catch (LoggerCmsException e) when (e.InnerException is Npgsql.PostgresException { SqlState: "53300" })
            {
                // The server has no connection left for us: fewer readers do the same work.
                return;
            }

            sessions.Add(session);
            await session.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", cancellationToken).ConfigureAwait(false);
            await session.ExecuteAsync(
                $"SET TRANSACTION SNAPSHOT {PgName.Literal(snapshot!)}", cancellationToken).ConfigureAwait(false);
        }
    }

    private async IAsyncEnumerable<RowBatch> ReadAsync(
        Func<PgSession, IAsyncEnumerable<RowBatch>> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var session = await RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await foreach (var batch in PgRows.ReadSafelyAsync(session, read, cancellationToken).ConfigureAwait(false))
                yield return batch;
        }
        finally
        {
            _free.Writer.TryWrite(session);
        }
    }

    private async Task<T> UseAsync<T>(Func<PgSession, Task<T>> work, CancellationToken cancellationToken)
    {
        var session = await RentAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await work(session).ConfigureAwait(false);
        }
        finally
        {
            _free.Writer.TryWrite(session);
        }
    }

    private ValueTask<PgSession> RentAsync(CancellationToken cancellationToken) => _free.Reader.ReadAsync(cancellationToken);
}
