using System.Data;
using System.Globalization;
using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>A side's config message log.</summary>
internal sealed class SqlServerLog(SqlServerSessions sessions, SqlServerFacts facts) : ISideLog
{
    private const string Enabling = "enabling the config message log";
    private const string Reading = "reading the config message log";

    /// <summary>How long enabling waits for writers of a table.</summary>
    private const int LockMilliseconds = 30_000;

    private const int PageRows = 5000;

    public async Task EnableAsync(string sideName, IReadOnlyList<TableSchema> tables, TimeSpan retention, CancellationToken cancellationToken)
    {
        await RenewIfRestoredAsync(cancellationToken).ConfigureAwait(false);
        await WriteAsync(
            async session =>
            {
                var catalog = await SqlServerCatalog.ReadAsync(session, facts.Dialect, SideProfile.Empty, cancellationToken).ConfigureAwait(false);
                var bound = tables.Select(t => catalog.Find(t.Name, sessions.Address.Side)).ToList();
                await RequirePossibleAsync(session, bound, cancellationToken).ConfigureAwait(false);
                await session.ExecuteAsync(SqlServerNames.CreateLogTables, Enabling, cancellationToken).ConfigureAwait(false);
                await session.ExecuteAsync(SqlServerNames.CreateTransferTable, Enabling, cancellationToken).ConfigureAwait(false);
                var state = await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false);
                var covered = await CoveredAsync(session, state, cancellationToken).ConfigureAwait(false);
                var added = bound.Where(t => !covered.Contains(t.Schema.Name.ToString())).ToList();
                foreach (var table in added)
                {
                    if (state?.Triggers.ContainsKey(table.ObjectId) == true)
                        await session.ExecuteAsync($"DROP TRIGGER {SqlServerLogTrigger.Name(table)}", Enabling, cancellationToken).ConfigureAwait(false);
                    await session.ExecuteAsync(
                        SqlServerLogTrigger.Create(table, facts.Dialect), $"putting '{table.Schema.Name}' under the log", cancellationToken)
                        .ConfigureAwait(false);
                    await SetMetaAsync(
                        SqlServerLogState.TablePrefix + table.ObjectId.ToString(CultureInfo.InvariantCulture), table.Schema.Name.ToString()).ConfigureAwait(false);
                    await SetMetaAsync(
                        SqlServerLogState.KeyPrefix + table.ObjectId.ToString(CultureInfo.InvariantCulture), SqlServerLogTrigger.KeyMark(table, facts.Dialect))
                        .ConfigureAwait(false);
                }

                await SetMetaAsync("retention_seconds", ((long)retention.TotalSeconds).ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
                if (state is null)
                {
                    await SetMetaAsync("side", sideName).ConfigureAwait(false);
                    await SetMetaAsync("format", "1").ConfigureAwait(false);
                    await SqlServerIncarnation.StoreAsync(session, facts, cancellationToken).ConfigureAwait(false);
                    var origin = SqlServerLogWriter.NewOrigin(sideName);
                    await new SqlServerLogWriter(session, origin).BeginOriginAsync(origin, cancellationToken).ConfigureAwait(false);
                }
                else if (added.Count > 0)
                {
                    // What the added tables held before is in no entry.
                    var writer = new SqlServerLogWriter(session, state.Origin);
                    await writer.RenewAsync(cancellationToken).ConfigureAwait(false);
                    foreach (var table in added)
                        await writer.ForgetAsync(table.Schema.Name.ToString(), cancellationToken).ConfigureAwait(false);
                }

                Task SetMetaAsync(string name, string value) => SqlServerLogWriter.SetMetaAsync(session, name, value, cancellationToken);
            },
            cancellationToken).ConfigureAwait(false);
    }

    public async Task DisableAsync(CancellationToken cancellationToken)
    {
        const string What = "disabling the config message log";
        await WriteAsync(
            async session =>
            {
                var triggers = await session.QueryAsync(
                    "SELECT s.name, tr.name FROM sys.triggers tr JOIN sys.tables t ON t.object_id = tr.parent_id "
                    + "JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE tr.name LIKE 'loggercms[_]%'",
                    r => $"{SqlServerDialect.Quote(r.GetString(0))}.{SqlServerDialect.Quote(r.GetString(1))}",
                    What,
                    cancellationToken).ConfigureAwait(false);
                foreach (var trigger in triggers)
                    await session.ExecuteAsync($"DROP TRIGGER {trigger}", What, cancellationToken).ConfigureAwait(false);
                var tables = await session.QueryAsync(
                    "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE s.name = 'dbo' AND t.name LIKE 'loggercms[_]%'",
                    r => r.GetString(0),
                    What,
                    cancellationToken).ConfigureAwait(false);
                foreach (var table in tables.Except(SystemTables.NotOfLog))
                    await session.ExecuteAsync($"DROP TABLE [dbo].{SqlServerDialect.Quote(table)}", What, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<ConfigMessageLogState> GetStateAsync(CancellationToken cancellationToken)
    {
        await RenewIfRestoredAsync(cancellationToken).ConfigureAwait(false);
        return await ViewAsync(
            async session =>
            {
                if (await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false) is not { } state)
                    return new ConfigMessageLogState { Side = sessions.Address.Side, Enabled = false };
                var (entries, first) = (await session.QueryAsync(
                    $"SELECT COUNT_BIG(*), MIN(CASE WHEN origin = @origin THEN update_key END) FROM {SqlServerNames.Log}",
                    r => (r.GetInt64(0), r.IsDBNull(1) ? (long?)null : r.GetInt64(1)),
                    Reading,
                    cancellationToken,
                    ("@origin", state.Origin)).ConfigureAwait(false))[0];
                return new ConfigMessageLogState
                {
                    Side = sessions.Address.Side,
                    Enabled = true,
                    Origin = state.Origin,
                    LastUpdateKey = state.UpdateKey,
                    FirstUpdateKey = first,
                    Entries = entries,
                    Retention = state.Retention,
                    Tables = [.. state.Tables.Where((await CoveredAsync(session, state, cancellationToken).ConfigureAwait(false)).Contains)],
                    Position = state.Position.Keys,
                };
            },
            cancellationToken).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string? origin, long after, long upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var session = await OpenViewAsync(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            if (await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false) is null)
                yield break;
            var origins = origin is not null ? [origin] : await session.QueryAsync(
                $"SELECT DISTINCT origin FROM {SqlServerNames.Log}", r => r.GetString(0), Reading, cancellationToken).ConfigureAwait(false);
            foreach (var from in origins.Order(StringComparer.Ordinal))
            {
                var start = after;
                while (true)
                {
                    var page = await session.QueryAsync(
                        $"SELECT TOP ({PageRows}) update_key, table_name, operation, row_key, at_us FROM {SqlServerNames.Log} "
                        + "WHERE origin = @origin AND update_key > @after AND update_key <= @upto ORDER BY update_key",
                        r => new LogEntry(
                            from, r.GetInt64(0), r.GetString(1), (LogOperation)r.GetString(2)[0], SqlServerLogKey.Normalize(r.GetString(3)), r.GetInt64(4)),
                        Reading,
                        cancellationToken,
                        ("@origin", from),
                        ("@after", start),
                        ("@upto", upTo)).ConfigureAwait(false);
                    foreach (var entry in page)
                        yield return entry;
                    if (page.Count < PageRows)
                        break;
                    start = page[^1].UpdateKey;
                }
            }
        }
    }

    public async Task<IReadOnlyDictionary<string, long>> GetStartsAsync(CancellationToken cancellationToken)
        => await ViewAsync<IReadOnlyDictionary<string, long>>(
            async session => await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false) is null
                ? new Dictionary<string, long>()
                : (await session.QueryAsync(
                    $"SELECT origin, update_key FROM {SqlServerNames.Position} WHERE table_name = N''",
                    r => (r.GetString(0), r.GetInt64(1)),
                    Reading,
                    cancellationToken).ConfigureAwait(false)).ToDictionary(p => p.Item1, p => p.Item2, StringComparer.Ordinal),
            cancellationToken).ConfigureAwait(false);

    public async Task<long> TrimAsync(CancellationToken cancellationToken)
    {
        const string What = "trimming the config message log";
        long removed = 0;
        await WriteAsync(
            async session =>
            {
                if (await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false) is not { } state)
                    return;

                // Only from the old end, so that the log has no hole.
                var old = await session.QueryAsync(
                    $"SELECT origin, MAX(update_key), MIN(CASE WHEN at_us >= {SqlServerNames.NowMicroseconds} - @keep THEN update_key END) "
                    + $"FROM {SqlServerNames.Log} GROUP BY origin",
                    r => (Origin: r.GetString(0), Last: r.GetInt64(1), Start: r.IsDBNull(2) ? r.GetInt64(1) + 1 : r.GetInt64(2)),
                    What,
                    cancellationToken,
                    ("@keep", state.Retention.Ticks / 10)).ConfigureAwait(false);
                var writer = new SqlServerLogWriter(session, state.Origin);
                foreach (var (origin, last, young) in old)
                {
                    var start = origin == state.Origin ? young : Math.Min(young, last);
                    var rows = await session.ExecuteAsync(
                        $"DELETE FROM {SqlServerNames.Log} WHERE origin = @origin AND update_key < @start", What, cancellationToken, ("@origin", origin), ("@start", start))
                        .ConfigureAwait(false);
                    if (rows > 0)
                        await writer.SetAsync(string.Empty, origin, start, cancellationToken).ConfigureAwait(false);
                    removed += rows;
                }
            },
            cancellationToken).ConfigureAwait(false);
        return removed;
    }

    /// <summary>Gives a database that was restored or copied since its origin was made an origin of its own.</summary>
    public async Task RenewIfRestoredAsync(CancellationToken cancellationToken)
    {
        var session = await sessions.LendAsync(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            if (await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false) is null
                || await SqlServerIncarnation.IsSameAsync(session, facts, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }

        await WriteAsync(
            async writing =>
            {
                if (await SqlServerLogState.ReadAsync(writing, cancellationToken).ConfigureAwait(false) is { } state)
                    await new SqlServerLogWriter(writing, state.Origin).RenewAsync(cancellationToken).ConfigureAwait(false);
                await SqlServerIncarnation.StoreAsync(writing, facts, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Tables whose trigger writes the name and the key that they have now. An earlier build did not note which key it was; such a table is not among them
    /// until it is enabled again.
    /// </summary>
    private async Task<HashSet<string>> CoveredAsync(SqlServerSession session, SqlServerLogState? state, CancellationToken cancellationToken)
    {
        if (state is null)
            return [];
        var meta = await SqlServerLogState.ReadMetaAsync(session, cancellationToken).ConfigureAwait(false);
        var catalog = await SqlServerCatalog.ReadAsync(session, facts.Dialect, SideProfile.Empty, cancellationToken).ConfigureAwait(false);
        return [.. catalog.Tables
            .Where(t => state.Triggers.GetValueOrDefault(t.ObjectId) == t.Schema.Name.ToString() && t.Schema.HasKey
                && meta.GetValueOrDefault(SqlServerLogState.KeyPrefix + t.ObjectId.ToString(CultureInfo.InvariantCulture)) == SqlServerLogTrigger.KeyMark(t, facts.Dialect))
            .Select(t => t.Schema.Name.ToString())];
    }

    private static async Task RequirePossibleAsync(SqlServerSession session, List<SqlServerTable> tables, CancellationToken cancellationToken)
    {
        foreach (var table in tables)
        {
            if (SqlServerLogTrigger.Objection(table) is { } reason)
                throw NotPossible(session.Side, $"Table '{table.Schema.Name}' cannot stand under the log: {reason}.", "Leave it out; Rows and Full transfers carry it.");
        }

        var nested = await session.ScalarAsync(
            "SELECT CAST(value_in_use AS int) FROM sys.configurations WHERE name = 'nested triggers'", Enabling, cancellationToken).ConfigureAwait(false);
        if (nested is 0)
        {
            throw NotPossible(
                session.Side,
                "The server does not let a trigger's own changes fire triggers, so they would be missing from the log.",
                "Run EXEC sp_configure 'nested triggers', 1; RECONFIGURE.");
        }
    }

    private static LoggerCmsException NotPossible(string side, string message, string remedy) => new(ErrorCodes.LogNotPossible, message, remedy, side);

    private async Task WriteAsync(Func<SqlServerSession, Task> work, CancellationToken cancellationToken)
    {
        var session = await sessions.LendAsync(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            await session.ExecuteAsync($"SET LOCK_TIMEOUT {LockMilliseconds}", Enabling, cancellationToken).ConfigureAwait(false);
            await session.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
            await work(session).ConfigureAwait(false);
            await session.CommitAsync().ConfigureAwait(false);
        }
    }

    private async Task<T> ViewAsync<T>(Func<SqlServerSession, Task<T>> work, CancellationToken cancellationToken)
    {
        var session = await OpenViewAsync(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
            return await work(session).ConfigureAwait(false);
    }

    /// <summary>One view for several statements; where the database allows no snapshot, it waits for open writers of logged tables.</summary>
    private async Task<SqlServerSession> OpenViewAsync(CancellationToken cancellationToken)
    {
        var session = await sessions.LendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await session.BeginAsync(facts.AllowsSnapshot ? IsolationLevel.Snapshot : IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
