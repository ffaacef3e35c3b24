using System.Data;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// One consistent view over one connection. Transactions under snapshot isolation cannot share a snapshot, so there is one reader.
/// </summary>
internal sealed class SqlServerSnapshot : ISideSnapshot
{
    private readonly SqlServerSession _session;
    private readonly SqlServerCatalog _catalog;
    private readonly SqlServerRowReader _reader;

    private SqlServerSnapshot(SqlServerSession session, SqlServerFacts facts, SqlServerCatalog catalog)
    {
        _session = session;
        _reader = new SqlServerRowReader(session, facts.Dialect, catalog);
        _catalog = catalog;
        Isolation = facts.IsolationName;
        ShutsWritersOut = !facts.AllowsSnapshot;
    }

    public SideCatalog Catalog => _catalog.Public;

    public int Readers => 1;

    public string Isolation { get; }

    public bool ShutsWritersOut { get; }

    public static async Task<SqlServerSnapshot> BeginAsync(
        SqlServerSessions sessions, SqlServerFacts facts, SnapshotOptions options, CancellationToken cancellationToken)
    {
        if (!facts.AllowsSnapshot && !options.AllowBlockingRead)
            throw SqlServerErrors.NoSnapshot(sessions.Address.Side, facts.Database);

        var session = await sessions.LendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await session.BeginAsync(facts.AllowsSnapshot ? IsolationLevel.Snapshot : IsolationLevel.Serializable, cancellationToken).ConfigureAwait(false);
            var catalog = await SqlServerCatalog.ReadAsync(session, facts.Dialect, options.Profile, cancellationToken).ConfigureAwait(false);
            if (facts.AllowsSnapshot)
                await FixAsync(session, catalog, cancellationToken).ConfigureAwait(false);
            else
                await ShareLockAsync(session, catalog, cancellationToken).ConfigureAwait(false);
            return new SqlServerSnapshot(session, facts, catalog);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, CancellationToken cancellationToken) => _reader.ReadAsync(query, cancellationToken);

    public IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
        => _reader.ReadByKeyAsync(table, keys, cancellationToken);

    public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken) => _reader.CountAsync(table, cancellationToken);

    /// <summary>Ranges of equal width over the keys that there are: an index tells the ends, and nothing has to be counted.</summary>
    public async Task<IReadOnlyList<KeyRange>> SplitAsync(TableSchema table, int parts, CancellationToken cancellationToken)
    {
        var bound = _catalog.Bind(table, _session.Side);
        IReadOnlyList<KeyRange> whole = [new KeyRange(null, null)];
        if (parts < 2 || !table.HasKey || table.Columns[table.Key[0]].Type.Kind != LogicalKind.Integer)
            return whole;
        var key = SqlServerTable.Column("t", bound.Columns[table.Key[0]]);
        var ends = await _session.QueryAsync(
            $"SELECT CAST(MIN({key}) AS bigint), CAST(MAX({key}) AS bigint) FROM {bound.QuotedName} t{bound.Where("t", null)}",
            r => r.IsDBNull(0) ? ((long, long)?)null : (r.GetInt64(0), r.GetInt64(1)),
            $"splitting '{table.Name}'",
            cancellationToken).ConfigureAwait(false);
        if (ends[0] is not var (first, last))
            return whole;
        var width = (Int128)last - first + 1;
        var bounds = Enumerable.Range(1, parts - 1).Select(i => (long)(first + (width * i / parts))).Distinct().Where(b => b > first).ToList();
        return
        [
            .. bounds.Select((to, i) => new KeyRange(i == 0 ? null : bounds[i - 1], to)),
            new KeyRange(bounds.Count == 0 ? null : bounds[^1], null),
        ];
    }

    public async Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken)
        => (await SqlServerLogState.ReadAsync(_session, cancellationToken).ConfigureAwait(false))?.Position ?? SidePosition.None;

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    /// <summary>The snapshot is taken by the first statement that reads a user's table, not by BEGIN TRANSACTION.</summary>
    private static async Task FixAsync(SqlServerSession session, SqlServerCatalog catalog, CancellationToken cancellationToken)
    {
        if (catalog.Tables.FirstOrDefault() is { } table)
            await session.ScalarAsync($"SELECT TOP (1) 1 FROM {table.QuotedName}", "taking a snapshot", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Serializable alone would let a table change until it is first read; a shared lock on each makes one moment of all.</summary>
    private static async Task ShareLockAsync(SqlServerSession session, SqlServerCatalog catalog, CancellationToken cancellationToken)
    {
        foreach (var table in catalog.Tables.OrderBy(t => t.ObjectId))
        {
            await session.ScalarAsync(
                $"SELECT TOP (1) 1 FROM {table.QuotedName} WITH (TABLOCK, HOLDLOCK)", $"locking '{table.Schema.Name}' against writers", cancellationToken)
                .ConfigureAwait(false);
        }
    }
}
