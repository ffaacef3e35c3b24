using LoggerCms.Core.Sides;
using Npgsql;
using NpgsqlTypes;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>The log inside a transfer's transaction.</summary>
internal sealed class PgLogWriter(PgSession session) : ISideLogWriter
{
    public async Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken)
        => await PgLogPosition.ReadAsync(session, cancellationToken).ConfigureAwait(false) is { } own
            ? await own.CompleteAsync(session, cancellationToken).ConfigureAwait(false)
            : SidePosition.None;

    public async Task AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var chunk in entries.Chunk(10_000))
        {
            await session.ExecuteAsync(
                """
                INSERT INTO public.loggercms_log (origin, update_key, table_name, operation, row_key, at_us)
                SELECT e.origin, e.update_key, e.table_name, e.operation::"char", e.row_key, e.at_us
                FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[]) AS e(origin, update_key, table_name, operation, row_key, at_us)
                ON CONFLICT (origin, update_key) DO NOTHING
                """,
                cancellationToken,
                Texts(chunk.Select(e => e.Origin)), Numbers(chunk.Select(e => e.UpdateKey)), Texts(chunk.Select(e => e.Table)),
                Texts(chunk.Select(e => ((char)e.Operation).ToString())), Texts(chunk.Select(e => e.Key)), Numbers(chunk.Select(e => e.AtMicroseconds))).ConfigureAwait(false);
        }

        foreach (var group in entries.GroupBy(e => (e.Origin, e.Table)))
            await MoveAsync(group.Key.Table, group.Key.Origin, group.Max(e => e.UpdateKey), cancellationToken).ConfigureAwait(false);

        // Nothing before the first entry of an origin is known to be complete.
        foreach (var group in entries.GroupBy(e => e.Origin))
        {
            await session.ExecuteAsync(
                "INSERT INTO public.loggercms_position VALUES ('', $1, $2) ON CONFLICT (table_name, origin) DO NOTHING",
                cancellationToken, group.Key, group.Min(e => e.UpdateKey)).ConfigureAwait(false);
        }
    }

    public async Task SetPositionAsync(SidePosition position, IReadOnlyList<TableSchema> tables, bool cut, CancellationToken cancellationToken)
    {
        if (cut)
            await CutAsync(cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            "DELETE FROM public.loggercms_position WHERE table_name = ANY ($1::text[])",
            cancellationToken, Texts(tables.Select(t => t.Name.ToString()))).ConfigureAwait(false);
        foreach (var (origin, key) in position.Keys)
        {
            foreach (var table in tables)
                await MoveAsync(table.Name.ToString(), origin, key, cancellationToken).ConfigureAwait(false);

            // Where the log holds nothing of this origin up to here, it starts behind; a cut moves an earlier start as well.
            await session.ExecuteAsync(
                "INSERT INTO public.loggercms_position AS p VALUES ('', $1, $2 + 1) ON CONFLICT (table_name, origin) DO UPDATE SET update_key = greatest(p.update_key, excluded.update_key) WHERE $3",
                cancellationToken, origin, key, cut).ConfigureAwait(false);
        }
    }

    public async Task RenewOriginAsync(CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("SELECT public.loggercms_renew($1)", cancellationToken, PgLog.NewSuffix()).ConfigureAwait(false);

        // What follows may overwrite what the side itself numbered.
        await session.ExecuteAsync("DELETE FROM public.loggercms_position WHERE table_name = $1", cancellationToken, SidePosition.FormerOrigins).ConfigureAwait(false);
    }

    /// <summary>All entries go; every origin starts behind what was known of it.</summary>
    private async Task CutAsync(CancellationToken cancellationToken)
    {
        var own = await PgLogPosition.ReadAsync(session, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            """
            UPDATE public.loggercms_position AS p SET update_key = greatest(p.update_key,
                CASE WHEN p.origin = $1 THEN $2 + 1 ELSE 0 END,
                (SELECT max(l.update_key) + 1 FROM public.loggercms_log AS l WHERE l.origin = p.origin))
            WHERE p.table_name = ''
            """,
            cancellationToken, own!.Origin, own.Last).ConfigureAwait(false);
        await session.ExecuteAsync("DELETE FROM public.loggercms_log", cancellationToken).ConfigureAwait(false);
    }

    private Task<long> MoveAsync(string table, string origin, long key, CancellationToken cancellationToken)
        => session.ExecuteAsync(
            "INSERT INTO public.loggercms_position VALUES ($1, $2, $3) ON CONFLICT (table_name, origin) DO UPDATE SET update_key = excluded.update_key",
            cancellationToken, table, origin, key);

    private static NpgsqlParameter Texts(IEnumerable<string> values)
        => new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static NpgsqlParameter Numbers(IEnumerable<long> values)
        => new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };
}
