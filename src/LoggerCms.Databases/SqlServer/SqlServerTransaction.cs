using System.Data;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>The one transaction of a transfer, on a connection of its own.</summary>
internal sealed class SqlServerTransaction : ISideTransaction
{
    private readonly SqlServerSession _session;
    private readonly SqlServerDialect _dialect;
    private readonly SqlServerGuard _guard;
    private readonly SideProfile _profile;
    private readonly IReadOnlyList<TableSchema> _tables;
    private SqlServerCatalog _catalog;
    private SqlServerRowReader _reader;
    private SqlServerWriter _writer;
    private bool _isOpen;

    private SqlServerTransaction(
        SqlServerSession session, SqlServerDialect dialect, SqlServerGuard guard, SideProfile profile, IReadOnlyList<TableSchema> tables, SqlServerCatalog catalog)
    {
        _session = session;
        _dialect = dialect;
        _guard = guard;
        _profile = profile;
        _tables = tables;
        (_catalog, _reader, _writer) = Use(catalog);
    }

    public SideCatalog Catalog => _catalog.Public;

    public ISideLogWriter? LogWriter { get; private init; }

    public static async Task<SqlServerTransaction> BeginAsync(
        SqlServerSessions sessions, SqlServerFacts facts, IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        var session = await sessions.LendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Zero would mean "for ever" to Babelfish.
            var milliseconds = (int)Math.Clamp(lockTimeout.TotalMilliseconds, 1, int.MaxValue);
            await session.ExecuteAsync($"SET LOCK_TIMEOUT {milliseconds}", "setting the lock's time-out", cancellationToken).ConfigureAwait(false);
            await session.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            var guard = new SqlServerGuard(session, facts.Dialect);
            await guard.LockAsync(tables, cancellationToken).ConfigureAwait(false);

            // The tables carry the profile that the engine works under.
            var profile = SideProfile.Of(tables);
            var catalog = await SqlServerCatalog.ReadAsync(session, facts.Dialect, profile, cancellationToken).ConfigureAwait(false);
            var log = await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false);
            return new SqlServerTransaction(session, facts.Dialect, guard, profile, tables, catalog)
            {
                LogWriter = log is null ? null : new SqlServerLogWriter(session, log.Origin),
            };
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

    public async Task<long> ClearAsync(TableSchema table, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await _writer.ClearAsync(_catalog.Bind(table, _session.Side), cancellationToken).ConfigureAwait(false);
    }

    public async Task InsertAsync(TableSchema table, IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        await _writer.InsertAsync(_catalog.Bind(table, _session.Side), rows, cancellationToken).ConfigureAwait(false);
    }

    public async Task<long> UpdateAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await _writer.UpdateAsync(_catalog.Bind(table, _session.Side), rows, cancellationToken).ConfigureAwait(false);
    }

    public async Task<long> DeleteAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await _writer.DeleteAsync(_catalog.Bind(table, _session.Side), keys, cancellationToken).ConfigureAwait(false);
    }

    public async Task<long> DeleteRowsAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await _writer.DeleteRowsAsync(_catalog.Bind(table, _session.Side), rows, cancellationToken).ConfigureAwait(false);
    }

    public async Task CreateTableAsync(string statements, CancellationToken cancellationToken)
    {
        await _session.ExecuteAsync(statements, "creating a table", cancellationToken).ConfigureAwait(false);
        (_catalog, _reader, _writer) = Use(
            await SqlServerCatalog.ReadAsync(_session, _dialect, _profile, cancellationToken).ConfigureAwait(false));
    }

    public async Task<IReadOnlyList<BrokenForeignKey>> FindForeignKeyViolationsAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        return await _guard.FindViolationsAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task<long> RecordTransferAsync(Guid transferId, CancellationToken cancellationToken)
    {
        const string What = "writing the transfer's id";
        await _session.ExecuteAsync(SqlServerNames.CreateTransferTable, What, cancellationToken).ConfigureAwait(false);
        await _session.ExecuteAsync(
            $"""
            INSERT INTO {SqlServerNames.Transfer} (id, at_us) SELECT @id, CASE WHEN t.now > t.later THEN t.now ELSE t.later END
            FROM (SELECT {SqlServerNames.NowMicroseconds} AS now, (SELECT COALESCE(MAX(at_us) + 1, 0) FROM {SqlServerNames.Transfer}) AS later) AS t
            """,
            What,
            cancellationToken,
            ("@id", transferId.ToString())).ConfigureAwait(false);
        return (long)(await _session.ScalarAsync($"SELECT MAX(at_us) FROM {SqlServerNames.Transfer}", What, cancellationToken).ConfigureAwait(false))!;
    }

    public async Task CommitAsync()
    {
        await _guard.CloseAsync(CancellationToken.None).ConfigureAwait(false);
        await _session.CommitAsync().ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    /// <summary>
    /// Before the first write, not at the beginning: on Babelfish a foreign key is not dropped while anyone reads its tables, and the destination's
    /// own view is given up only once this transaction holds its locks.
    /// </summary>
    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (_isOpen)
            return;
        _isOpen = true;
        await _guard.OpenAsync(_catalog, _tables, cancellationToken).ConfigureAwait(false);
    }

    private (SqlServerCatalog Catalog, SqlServerRowReader Reader, SqlServerWriter Writer) Use(SqlServerCatalog catalog)
        => (catalog, new SqlServerRowReader(_session, _dialect, catalog), new SqlServerWriter(_session, _dialect));
}
