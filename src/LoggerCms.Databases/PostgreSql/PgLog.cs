using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// The config message log of a PostgreSQL database. Triggers do not see what is done with <c>session_replication_role = replica</c>,
/// or while triggers are disabled on the table; verification finds that.
/// </summary>
internal sealed class PgLog(Func<CancellationToken, Task<PgSession>> open) : ISideLog
{
    private const int EntriesAStatement = 5000;

    public async Task EnableAsync(string sideName, IReadOnlyList<TableSchema> tables, TimeSpan retention, CancellationToken cancellationToken)
    {
        Check(tables);
        var session = await open(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            await session.ExecuteAsync("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SET LOCAL lock_timeout = '30s'", cancellationToken).ConfigureAwait(false);
            var catalog = await PgCatalog.ReadAsync(session, SideProfile.Of(tables), cancellationToken).ConfigureAwait(false);
            var isNew = !await IsThereAsync(session, cancellationToken).ConfigureAwait(false);
            if (isNew)
                await session.ExecuteAsync(PgLogFunctions.Tables, cancellationToken).ConfigureAwait(false);
            await session.ExecuteAsync(PgLogFunctions.Functions, cancellationToken).ConfigureAwait(false);
            if (isNew)
                await BeginOriginAsync(session, sideName, cancellationToken).ConfigureAwait(false);
            else if ((await PgLogPosition.OriginAsync(session, cancellationToken).ConfigureAwait(false)).Pending is not null)
                await session.ExecuteAsync("SELECT public.loggercms_renew(public.loggercms_next_suffix())", cancellationToken).ConfigureAwait(false);
            await SetMetaAsync(session, "retention_seconds", ((long)retention.TotalSeconds).ToString(CultureInfo.InvariantCulture), cancellationToken).ConfigureAwait(false);

            var before = await CoveredAsync(session, catalog, cancellationToken).ConfigureAwait(false);
            var added = tables.Select(t => t.Name.ToString()).Where(t => !before.Contains(t)).ToArray();
            if (!isNew && added.Length > 0)
                await session.ExecuteAsync("SELECT public.loggercms_renew($1)", cancellationToken, NewSuffix()).ConfigureAwait(false);
            await session.ExecuteAsync("DELETE FROM public.loggercms_position WHERE table_name = ANY ($1)", cancellationToken, (object)added).ConfigureAwait(false);
            foreach (var table in tables.Select(t => catalog[t.Name]))
            {
                var partitions = table.IsPartitioned
                    ? await session.QueryAsync(
                        $"SELECT format('%I.%I', n.nspname, c.relname) FROM pg_partition_tree({table.Oid}::oid::regclass) AS p JOIN pg_class AS c ON c.oid = p.relid JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE p.level > 0",
                        r => r.GetString(0), cancellationToken).ConfigureAwait(false)
                    : [];
                foreach (var statement in PgLogFunctions.TableStatements(table, partitions))
                    await session.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);
                if (table.IsPartitioned)
                {
                    var triggers = await session.ScalarAsync<string>(
                        PgLogFunctions.PartitionTriggers(table.Oid.ToString(CultureInfo.InvariantCulture)), cancellationToken).ConfigureAwait(false);
                    await session.ExecuteAsync(PgLogFunctions.CreateRowFunction(table, triggers ?? string.Empty), cancellationToken).ConfigureAwait(false);
                }
            }

            await session.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    public async Task DisableAsync(CancellationToken cancellationToken)
    {
        var session = await open(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            await session.ExecuteAsync("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; SET LOCAL lock_timeout = '30s'", cancellationToken).ConfigureAwait(false);
            var statements = await session.QueryAsync(
                $"""
                SELECT format('DROP TRIGGER IF EXISTS %I ON %I.%I', g.tgname, n.nspname, c.relname)
                FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE g.tgname IN ('{PgLogFunctions.Trigger}', '{PgLogFunctions.TruncateTrigger}') AND g.tgparentid = 0
                UNION ALL SELECT format('DROP FUNCTION public.%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid))
                FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace AND p.proname LIKE 'loggercms\_%'
                UNION ALL SELECT format('DROP %s public.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname)
                FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S') AND c.relname LIKE 'loggercms\_%'
                  AND c.relname <> ALL (ARRAY[{string.Join(", ", SystemTables.NotOfLog.Select(PgName.Literal))}])
                """,
                r => r.GetString(0), cancellationToken).ConfigureAwait(false);
            foreach (var statement in statements)
                await session.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);
            await session.CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    public async Task<ConfigMessageLogState> GetStateAsync(CancellationToken cancellationToken)
    {
        var session = await open(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            if (await PgLogPosition.ReadAsync(session, cancellationToken).ConfigureAwait(false) is not { } own)
                return new ConfigMessageLogState { Side = string.Empty, Enabled = false };
            var position = await own.CompleteAsync(session, cancellationToken).ConfigureAwait(false);
            var catalog = await PgCatalog.ReadAsync(session, SideProfile.Empty, cancellationToken).ConfigureAwait(false);
            var (entries, first) = (await session.QueryAsync(
                "SELECT count(*), min(update_key) FILTER (WHERE origin = $1) FROM public.loggercms_log",
                r => (r.GetInt64(0), r.IsDBNull(1) ? (long?)null : r.GetInt64(1)), cancellationToken, own.Origin).ConfigureAwait(false))[0];
            return new ConfigMessageLogState
            {
                Side = await session.ScalarAsync<string>("SELECT value FROM public.loggercms_meta WHERE name = 'side'", cancellationToken).ConfigureAwait(false) ?? string.Empty,
                Enabled = true,
                Origin = own.Origin,
                LastUpdateKey = own.Last,
                FirstUpdateKey = first,
                Entries = entries,
                Retention = TimeSpan.FromSeconds(await RetentionAsync(session, cancellationToken).ConfigureAwait(false)),
                Tables = [.. (await CoveredAsync(session, catalog, cancellationToken).ConfigureAwait(false)).Order(StringComparer.Ordinal)],
                Position = position.Keys,
            };
        }
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string? origin, long after, long upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var session = await open(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            if (!await IsThereAsync(session, cancellationToken).ConfigureAwait(false))
                yield break;
            var origins = origin is not null
                ? [origin]
                : await session.QueryAsync(
                    "SELECT DISTINCT origin FROM public.loggercms_log ORDER BY 1", r => r.GetString(0), cancellationToken).ConfigureAwait(false);
            foreach (var one in origins.Order(StringComparer.Ordinal))
            {
                var from = after;
                List<LogEntry> chunk;
                do
                {
                    chunk = await session.QueryAsync(
                        $"""
                        SELECT update_key, table_name, operation::text, row_key, at_us FROM public.loggercms_log
                        WHERE origin = $1 AND update_key > $2 AND update_key <= $3 ORDER BY update_key LIMIT {EntriesAStatement}
                        """,
                        r => new LogEntry(one, r.GetInt64(0), r.GetString(1), (LogOperation)r.GetString(2)[0], r.GetString(3), r.GetInt64(4)),
                        cancellationToken, one, from, upTo).ConfigureAwait(false);
                    foreach (var entry in chunk)
                        yield return entry;
                    if (chunk.Count > 0)
                        from = chunk[^1].UpdateKey;
                }
                while (chunk.Count == EntriesAStatement);
            }
        }
    }

    public async Task<IReadOnlyDictionary<string, long>> GetStartsAsync(CancellationToken cancellationToken)
    {
        var session = await open(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            if (!await IsThereAsync(session, cancellationToken).ConfigureAwait(false))
                return new Dictionary<string, long>();
            return (await session.QueryAsync(
                "SELECT origin, update_key FROM public.loggercms_position WHERE table_name = ''",
                r => (Origin: r.GetString(0), Key: r.GetInt64(1)), cancellationToken).ConfigureAwait(false))
                .ToDictionary(s => s.Origin, s => s.Key, StringComparer.Ordinal);
        }
    }

    public async Task<long> TrimAsync(CancellationToken cancellationToken)
    {
        var session = await open(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            if (!await IsThereAsync(session, cancellationToken).ConfigureAwait(false))
                return 0;
            var retention = await RetentionAsync(session, cancellationToken).ConfigureAwait(false);

            // The last entry of another origin stays: by it a source that was restored is told from one that went on.
            const string Outlived = """
                public.loggercms_log AS e WHERE at_us < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint - $1 * 1000000
                    AND (origin = (SELECT value FROM public.loggercms_meta WHERE name = 'origin')
                        OR EXISTS (SELECT FROM public.loggercms_log AS later WHERE later.origin = e.origin AND later.update_key > e.update_key))
                """;
            if (!await session.ScalarAsync<bool>($"SELECT EXISTS (SELECT FROM {Outlived})", cancellationToken, retention).ConfigureAwait(false))
                return 0;
            return await session.ScalarAsync<long>(
                $"""
                WITH gone AS (DELETE FROM {Outlived} RETURNING origin, update_key),
                    moved AS (INSERT INTO public.loggercms_position AS p (table_name, origin, update_key)
                        SELECT '', origin, max(update_key) + 1 FROM gone GROUP BY origin
                        ON CONFLICT (table_name, origin) DO UPDATE SET update_key = greatest(p.update_key, excluded.update_key))
                SELECT count(*) FROM gone
                """,
                cancellationToken, retention).ConfigureAwait(false);
        }
    }

    public static async Task<bool> IsThereAsync(PgSession session, CancellationToken cancellationToken)
        => await session.ScalarAsync<bool>("SELECT to_regclass('public.loggercms_meta') IS NOT NULL", cancellationToken).ConfigureAwait(false);

    public static string NewSuffix() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

    private static void Check(IReadOnlyList<TableSchema> tables)
    {
        foreach (var table in tables)
        {
            var reason = table.HasKey
                ? table.Key.Select(i => table.Columns[i]).FirstOrDefault(c => !LogKey.CanCarry(c.Type.Kind)) is { } column
                    ? $"its key column {column.Name} is of type {column.DeclaredType}, which the log cannot carry"
                    : null
                : "it has no key";
            if (reason is not null)
            {
                throw new LoggerCmsException(
                    ErrorCodes.LogNotPossible, $"Table {table.Name} cannot be logged: {reason}.",
                    $"Enable-ConfigMessageLog … -ExcludeTable {table.Name}; Rows and Full transfers carry it.");
            }
        }
    }

    private static async Task BeginOriginAsync(PgSession session, string sideName, CancellationToken cancellationToken)
    {
        var suffix = NewSuffix();
        var origin = sideName + "-" + suffix;
        await SetMetaAsync(session, "side", sideName, cancellationToken).ConfigureAwait(false);
        await SetMetaAsync(session, "origin", origin, cancellationToken).ConfigureAwait(false);
        await SetMetaAsync(session, "format", "1", cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            "INSERT INTO public.loggercms_meta SELECT 'identity', public.loggercms_identity()", cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            "INSERT INTO public.loggercms_position VALUES ('', $1, 1)", cancellationToken, origin).ConfigureAwait(false);
        var sequence = PgLogFunctions.SequenceOf(origin);
        await session.ExecuteAsync(
            $"{PgLogFunctions.CreateSequence(sequence)}; REVOKE ALL ON SEQUENCE public.{PgName.Quote(sequence)} FROM PUBLIC", cancellationToken).ConfigureAwait(false);
    }

    private static Task<long> SetMetaAsync(PgSession session, string name, string value, CancellationToken cancellationToken)
        => session.ExecuteAsync(
            "INSERT INTO public.loggercms_meta VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", cancellationToken, name, value);

    private static async Task<long> RetentionAsync(PgSession session, CancellationToken cancellationToken)
        => await session.ScalarAsync<long>("SELECT value::bigint FROM public.loggercms_meta WHERE name = 'retention_seconds'", cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Tables whose every change the log tells: their triggers fire, and their key and their partitions are those for which these were made. The text of
    /// the row trigger's function says which these were.
    /// </summary>
    private static async Task<HashSet<string>> CoveredAsync(PgSession session, PgCatalog catalog, CancellationToken cancellationToken)
    {
        var triggers = await session.QueryAsync(
            $"""
            SELECT t.name, f.prosrc, ({PgLogFunctions.PartitionTriggers("t.relation")})
            FROM ({PgLogFunctions.LoggedTables}) AS t JOIN pg_proc AS f ON f.oid = t.function
            WHERE (SELECT count(*) FROM pg_trigger AS g
                WHERE g.tgrelid = t.relation AND g.tgname IN ('{PgLogFunctions.Trigger}', '{PgLogFunctions.TruncateTrigger}') AND {PgLogFunctions.Fires}) = 2
            """,
            r => (Table: r.GetString(0), Text: r.GetString(1), Partitions: r.GetString(2)), cancellationToken).ConfigureAwait(false);
        var tables = catalog.Side.Tables.ToDictionary(t => t.Name.ToString(), t => catalog[t.Name], StringComparer.Ordinal);
        return [.. triggers.Where(t => tables.TryGetValue(t.Table, out var table)
            && Lines(t.Text) == Lines(PgLogFunctions.RowFunction(table, t.Partitions))).Select(t => t.Table)];

        static string Lines(string text) => text.Replace("\r", string.Empty, StringComparison.Ordinal).Trim();
    }
}
