using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// The transaction of a transfer. Read committed: its first statements take the locks, and a statement after them sees all that was committed before.
/// </summary>
internal sealed class PgTransaction : ISideTransaction, IRowHasher
{
    private readonly PgSession _session;
    private readonly Dictionary<(TableName Table, bool IsWhole, bool KeysOnly), PgStage> _stages = [];
    private readonly HashSet<TableName> _written = [];
    private PgCatalog _catalog;
    private PgTriggerGuard? _guard;
    private bool _ended;

    private PgTransaction(PgSession session, PgCatalog catalog)
    {
        _session = session;
        _catalog = catalog;
    }

    public SideCatalog Catalog => _catalog.Side;

    public ISideLogWriter? LogWriter { get; private init; }

    public static async Task<PgTransaction> BeginAsync(
        PgSession session, IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", cancellationToken).ConfigureAwait(false);
            await PgLocks.TakeAsync(session, tables, lockTimeout, cancellationToken).ConfigureAwait(false);
            var catalog = await PgCatalog.ReadAsync(session, SideProfile.Of(tables), cancellationToken).ConfigureAwait(false);
            await PgTransfers.PrepareAsync(session, cancellationToken).ConfigureAwait(false);
            var transaction = new PgTransaction(session, catalog)
            {
                LogWriter = await PgLog.IsThereAsync(session, cancellationToken).ConfigureAwait(false) ? new PgLogWriter(session) : null,
            };
            transaction._guard = await PgTriggerGuard.EngageAsync(
                session, [.. tables.Select(t => catalog[t.Name])], cancellationToken).ConfigureAwait(false);
            return transaction;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in PgRows.ReadSafelyAsync(
            _session, s => PgRows.ReadAsync(s, _catalog[query.Table.Name], query, cancellationToken), cancellationToken).ConfigureAwait(false))
            yield return batch;
    }

    public IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
        => PgKeyLookup.ReadAsync(_session, _catalog[table.Name], table, keys, cancellationToken);

    public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken)
        => PgRows.CountAsync(_session, _catalog[table.Name], table, cancellationToken);

    public string? GetHashForm(TableSchema table) => PgHasher.GetForm(_catalog[table.Name], table);

    public Task<IReadOnlyList<PlaceRange>> CutPlacesAsync(TableSchema table, CancellationToken cancellationToken)
        => PgHasher.CutAsync(_session, _catalog[table.Name], cancellationToken);

    public Task<RowHashes> HashAsync(TableSchema table, PlaceRange range, CancellationToken cancellationToken)
        => PgHasher.HashAsync(_session, _catalog[table.Name], table, range, cancellationToken);

    public IAsyncEnumerable<RowBatch> ReadAtAsync(TableSchema table, IReadOnlyList<long> places, CancellationToken cancellationToken)
        => PgHasher.ReadAtAsync(_session, _catalog[table.Name], table, places, cancellationToken);

    public Task<long> ClearAsync(TableSchema table, CancellationToken cancellationToken)
    {
        // Not TRUNCATE: it would shut readers out, and older snapshots would see an empty table.
        var physical = Write(table);
        return _session.ExecuteAsync($"DELETE FROM {physical.From} AS t{PgRows.Where(PgRows.Conditions(physical, table, null))}", cancellationToken);
    }

    public async Task InsertAsync(TableSchema table, IAsyncEnumerable<RowBatch> rows, CancellationToken cancellationToken)
    {
        var physical = Write(table);
        var columns = physical.Select(table.Columns);
        if (columns.Length == 0 || columns.Any(c => c is { Codec: PgCodec.Native, NativeInput: PgNativeInput.Cast }))
        {
            await foreach (var batch in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                using (batch)
                    await InsertStagedAsync(physical, table, columns, batch, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        var sql = $"COPY {PgName.Quote(table.Name)} ({PgName.Quote(columns.Select(c => c.Name))}) FROM STDIN (FORMAT binary)";
        PgCopyWriter? writer = null;
        try
        {
            await foreach (var batch in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                using (batch)
                {
                    // Begun with the first rows: until then their producer may still be using this connection.
                    writer ??= await PgCopyWriter.BeginAsync(_session, sql, table.Name, columns, staged: false, cancellationToken).ConfigureAwait(false);
                    await writer.WriteAsync(batch, cancellationToken).ConfigureAwait(false);
                }
            }

            if (writer is not null)
                await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (writer is not null)
                await writer.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async Task<long> UpdateAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
            return 0;
        var physical = Write(table);
        var stage = await StageAsync(physical, table, keysOnly: false, cancellationToken).ConfigureAwait(false);
        await stage.FillAsync(rows, cancellationToken).ConfigureAwait(false);
        var matches = MatchKey(physical, table, stage, i => table.Key[i]);
        var sets = Enumerable.Range(0, stage.Columns.Length).Where(i => !table.Key.Contains(i)).ToArray();
        if (sets.Length == 0)
            return await _session.ScalarAsync<long>($"SELECT count(*) FROM {physical.From} AS t JOIN {stage.From} ON {matches}", cancellationToken).ConfigureAwait(false);
        if (sets.Any(i => stage.Columns[i].IsIdentityAlways))
            return await ReplaceAsync(physical, table, stage, matches, cancellationToken).ConfigureAwait(false);
        return await _session.ExecuteAsync(
            $"UPDATE {physical.From} AS t SET {string.Join(", ", sets.Select(i => $"{stage.Columns[i].Quoted} = {stage.Value(i)}"))} FROM {stage.From} WHERE {matches}",
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<long> DeleteAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0)
            return 0;
        var physical = Write(table);
        var stage = await StageAsync(physical, table, keysOnly: true, cancellationToken).ConfigureAwait(false);
        await stage.FillAsync(keys, cancellationToken).ConfigureAwait(false);
        return await _session.ExecuteAsync(
            $"DELETE FROM {physical.From} AS t USING {stage.From} WHERE {MatchKey(physical, table, stage, i => i)}", cancellationToken).ConfigureAwait(false);
    }

    public async Task<long> DeleteRowsAsync(TableSchema table, RowBatch rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
            return 0;
        var physical = Write(table);
        var stage = await StageAsync(physical, table, keysOnly: false, cancellationToken).ConfigureAwait(false);
        await stage.FillAsync(rows, cancellationToken).ConfigureAwait(false);

        // Equal rows have equal images; of each image as many rows go as were named.
        var there = PgRows.Image(stage.Columns.Select(c => c.SendExpression("t." + c.Quoted)));
        var named = PgRows.Image(stage.Columns.Select((c, i) => c.SendExpression("s.c" + i)));
        return await _session.ExecuteAsync(
            $"""
            DELETE FROM {physical.From} AS t USING (
                SELECT x.part, x.place
                FROM (SELECT t.tableoid AS part, t.ctid AS place, i.image, row_number() OVER (PARTITION BY i.image) AS nth
                    FROM {physical.From} AS t CROSS JOIN LATERAL (SELECT {there} AS image) AS i{PgRows.Where(PgRows.Conditions(physical, table, null))}) AS x
                JOIN (SELECT {named} AS image, count(*) AS times FROM {stage.From} GROUP BY 1) AS y ON y.image = x.image AND x.nth <= y.times) AS d
            WHERE t.tableoid = d.part AND t.ctid = d.place
            """,
            cancellationToken).ConfigureAwait(false);
    }

    public async Task CreateTableAsync(string statements, CancellationToken cancellationToken)
    {
        await _session.ExecuteAsync(statements, cancellationToken).ConfigureAwait(false);
        _catalog = await PgCatalog.ReadAsync(_session, SideProfile.Of(Catalog.Tables), cancellationToken).ConfigureAwait(false);
    }

    public Task<IReadOnlyList<BrokenForeignKey>> FindForeignKeyViolationsAsync(IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
        => PgForeignKeys.FindViolationsAsync(_session, [.. tables.Select(t => _catalog[t.Name])], cancellationToken);

    public Task<long> RecordTransferAsync(Guid transferId, CancellationToken cancellationToken)
        => PgTransfers.RecordAsync(_session, transferId, cancellationToken);

    public async Task CommitAsync()
    {
        await PgSequences.AdvanceAsync(_session, [.. _written.Select(t => _catalog[t])], CancellationToken.None).ConfigureAwait(false);
        await _guard!.ReleaseAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await _session.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _ended = true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_ended && _session.IsUsable)
        {
            try
            {
                await _session.ExecuteAsync("ROLLBACK", CancellationToken.None).ConfigureAwait(false);
            }
            catch (LoggerCmsException)
            {
                // The server rolls back when the connection closes, which comes next.
            }
        }

        await _session.DisposeAsync().ConfigureAwait(false);
    }

    private async Task InsertStagedAsync(PgTable physical, TableSchema table, PgColumn[] columns, RowBatch batch, CancellationToken cancellationToken)
    {
        if (columns.Length == 0)
        {
            await _session.ExecuteAsync(
                $"INSERT INTO {PgName.Quote(table.Name)} SELECT FROM generate_series(1, $1)", cancellationToken, (long)batch.Count).ConfigureAwait(false);
            return;
        }

        var stage = await StageAsync(physical, table, keysOnly: false, cancellationToken).ConfigureAwait(false);
        await stage.FillAsync(batch, cancellationToken).ConfigureAwait(false);
        await _session.ExecuteAsync(InsertFrom(table, stage), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>UPDATE cannot set an identity that is always generated, so such rows go and come back.</summary>
    private async Task<long> ReplaceAsync(PgTable physical, TableSchema table, PgStage stage, string matches, CancellationToken cancellationToken)
    {
        if (table.SideLocalColumns.Count > 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.SchemaMismatch,
                $"Table {table.Name} has an identity that is GENERATED ALWAYS outside of its key and side-local columns; its rows can be neither updated nor replaced.",
                $"ALTER TABLE {PgName.Quote(table.Name)} ALTER COLUMN … SET GENERATED BY DEFAULT, then run the same command again.");
        }

        await _session.ExecuteAsync(
            $"DELETE FROM {stage.From} WHERE NOT EXISTS (SELECT FROM {physical.From} AS t WHERE {matches})", cancellationToken).ConfigureAwait(false);
        var count = await _session.ExecuteAsync($"DELETE FROM {physical.From} AS t USING {stage.From} WHERE {matches}", cancellationToken).ConfigureAwait(false);
        await _session.ExecuteAsync(InsertFrom(table, stage), cancellationToken).ConfigureAwait(false);
        return count;
    }

    private static string InsertFrom(TableSchema table, PgStage stage)
        => $"INSERT INTO {PgName.Quote(table.Name)} ({PgName.Quote(stage.Columns.Select(c => c.Name))}) OVERRIDING SYSTEM VALUE "
            + $"SELECT {string.Join(", ", stage.Columns.Select((_, i) => stage.Value(i)))} FROM {stage.From}";

    private static string MatchKey(PgTable physical, TableSchema table, PgStage stage, Func<int, int> staged)
        => string.Join(" AND ", physical.Key(table).Select((c, i) => c.SameKey("t." + c.Quoted, stage.Value(staged(i))))
            .Concat(PgRows.Conditions(physical, table, null)));

    private PgTable Write(TableSchema table)
    {
        _written.Add(table.Name);
        return _catalog[table.Name];
    }

    private async Task<PgStage> StageAsync(PgTable physical, TableSchema table, bool keysOnly, CancellationToken cancellationToken)
    {
        if (!_stages.TryGetValue((table.Name, table.IsWhole, keysOnly), out var stage))
        {
            var columns = keysOnly ? physical.Key(table) : physical.Select(table.Columns);
            stage = await PgStage.CreateAsync(_session, physical, columns, _stages.Count, cancellationToken).ConfigureAwait(false);
            _stages.Add((table.Name, table.IsWhole, keysOnly), stage);
        }

        return stage;
    }
}
