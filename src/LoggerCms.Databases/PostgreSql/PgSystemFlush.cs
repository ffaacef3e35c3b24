using LoggerCms.Core.RunTimeImage;
using Npgsql;
using NpgsqlTypes;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// Writes a batch inside a transaction that is open already. Rows travel as arrays, some thousands a statement: a temporary table for COPY would
/// grow the server's catalog with every flush.
/// </summary>
internal static class PgSystemFlush
{
    private const string Upsert =
        $"""
        INSERT INTO public.cms_object ({SystemTables.ObjectColumns})
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE SET cuid = excluded.cuid, kind = excluded.kind, parent_id = excluded.parent_id, name = excluded.name,
          owner_id = excluded.owner_id, version = excluded.version, update_key = excluded.update_key, created_us = excluded.created_us,
          modified_us = excluded.modified_us, access_list = excluded.access_list, properties = excluded.properties
        """;

    public static async Task WriteAsync(PgSession session, string database, Tenure tenure, FlushBatch batch, CancellationToken cancellationToken)
    {
        await PgSystemTables.HoldEpochAsync(session, database, tenure, cancellationToken).ConfigureAwait(false);
        if (batch.Remove.Count > 0)
        {
            await session.ExecuteAsync(
                "DELETE FROM public.cms_object WHERE id = ANY ($1)", cancellationToken, Array(NpgsqlDbType.Bigint, batch.Remove, id => id)).ConfigureAwait(false);
        }

        foreach (var part in FlushParts.Of(batch.Put))
            await PutAsync(session, part, cancellationToken).ConfigureAwait(false);
        foreach (var keys in batch.RemoveLocal.GroupBy(k => k.Class))
        {
            await session.ExecuteAsync(
                $"DELETE FROM public.{SystemTables.Of(keys.Key)} WHERE id = ANY ($1)", cancellationToken,
                Array(NpgsqlDbType.Uuid, [.. keys], k => k.Id)).ConfigureAwait(false);
        }

        await PutLocalAsync(session, batch.PutLocal, cancellationToken).ConfigureAwait(false);
        await EndAsync(session, batch.Epoch, batch.LastUpdateKey, cancellationToken).ConfigureAwait(false);
    }

    public static async Task ReplaceAsync(
        PgSession session, string database, Tenure tenure, SystemContent content, CancellationToken cancellationToken)
    {
        await PgSystemTables.HoldEpochAsync(session, database, tenure, cancellationToken).ConfigureAwait(false);
        foreach (var table in new[] { "cms_object", SystemTables.Token, SystemTables.Request })
            await session.ExecuteAsync($"DELETE FROM public.{table}", cancellationToken).ConfigureAwait(false);
        foreach (var part in FlushParts.Of(content.Objects))
            await PutAsync(session, part, cancellationToken).ConfigureAwait(false);
        await PutLocalAsync(session, content.Local, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync("UPDATE public.loggercms_system SET identity = $1", cancellationToken, content.Identity).ConfigureAwait(false);
        await EndAsync(session, content.Epoch, content.LastUpdateKey, cancellationToken).ConfigureAwait(false);
    }

    private static async Task EndAsync(PgSession session, long epoch, long lastUpdateKey, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(
            "UPDATE public.loggercms_epoch SET last_key = greatest(last_key, $2) WHERE epoch = $1", cancellationToken, epoch, lastUpdateKey).ConfigureAwait(false);
        await session.ExecuteAsync(
            "UPDATE public.loggercms_system SET last_update_key = greatest(last_update_key, $1), update_key_end = greatest(update_key_end, $1)",
            cancellationToken, lastUpdateKey).ConfigureAwait(false);

        // Here, so that COMMIT itself has nothing left to refuse.
        await session.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellationToken).ConfigureAwait(false);
    }

    private static async Task PutLocalAsync(PgSession session, IReadOnlyList<LocalEntry> local, CancellationToken cancellationToken)
    {
        foreach (var entries in local.GroupBy(e => e.Key.Class))
            await PutLocalAsync(session, SystemTables.Of(entries.Key), [.. entries], cancellationToken).ConfigureAwait(false);
    }

    private static Task PutAsync(PgSession session, List<CmsObject> part, CancellationToken cancellationToken)
        => session.ExecuteAsync(
            Upsert,
            cancellationToken,
            Array(NpgsqlDbType.Bigint, part, o => o.Id),
            Array(NpgsqlDbType.Text, part, o => o.Cuid),
            Array(NpgsqlDbType.Text, part, o => o.Kind),
            Array(NpgsqlDbType.Bigint, part, o => o.ParentId),
            Array(NpgsqlDbType.Text, part, o => o.Name),
            Array(NpgsqlDbType.Bigint, part, o => o.OwnerId),
            Array(NpgsqlDbType.Integer, part, o => o.Version),
            Array(NpgsqlDbType.Bigint, part, o => o.UpdateKey),
            Array(NpgsqlDbType.Bigint, part, o => o.CreatedUs),
            Array(NpgsqlDbType.Bigint, part, o => o.ModifiedUs),
            Array(NpgsqlDbType.Bytea, part, o => o.AccessList),
            Array(NpgsqlDbType.Bytea, part, o => o.Properties));

    private static Task PutLocalAsync(PgSession session, string table, List<LocalEntry> entries, CancellationToken cancellationToken)
        => session.ExecuteAsync(
            $"""
            INSERT INTO public.{table} (id, expires_us, content) SELECT * FROM unnest($1, $2, $3)
            ON CONFLICT (id) DO UPDATE SET expires_us = excluded.expires_us, content = excluded.content
            """,
            cancellationToken,
            Array(NpgsqlDbType.Uuid, entries, e => e.Key.Id),
            Array(NpgsqlDbType.Bigint, entries, e => e.ExpiresUs),
            Array(NpgsqlDbType.Bytea, entries, e => e.Content));

    private static NpgsqlParameter Array<TItem, T>(NpgsqlDbType type, IReadOnlyList<TItem> items, Func<TItem, T> get)
    {
        var values = new T[items.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = get(items[i]);
        return new NpgsqlParameter { Value = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }
}
