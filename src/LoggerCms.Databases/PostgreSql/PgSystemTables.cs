using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>The tables of a system database: how they are made, and what stands in their single rows.</summary>
internal static class PgSystemTables
{
    /// <summary>Held while the tables are made: CREATE TABLE IF NOT EXISTS fails where two sessions come at once.</summary>
    private const long MakeLock = 0x4C69L << 48;

    private const string Holds = "l.epoch = $1 AND l.node_id = $2 AND s.identity = $3";

    private const string Now = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

    /// <summary>The CUIDs' uniqueness is looked at when all rows of a flush are there, so that they may move between objects.</summary>
    private const string Create =
        """
        CREATE TABLE IF NOT EXISTS public.cms_object (
          id bigint PRIMARY KEY, cuid text COLLATE "C" NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED, kind text COLLATE "C" NOT NULL,
          parent_id bigint NOT NULL, name text COLLATE "C" NOT NULL, owner_id bigint NOT NULL, version integer NOT NULL, update_key bigint NOT NULL,
          created_us bigint NOT NULL, modified_us bigint NOT NULL, access_list bytea NOT NULL, properties bytea NOT NULL);
        CREATE TABLE public.loggercms_system (
          one integer PRIMARY KEY CHECK (one = 1), format integer NOT NULL, identity uuid NOT NULL, object_id_end bigint NOT NULL,
          update_key_end bigint NOT NULL, last_update_key bigint NOT NULL);
        CREATE TABLE IF NOT EXISTS public.loggercms_lease (
          one integer PRIMARY KEY CHECK (one = 1), epoch bigint NOT NULL, holder text NOT NULL, expires_us bigint NOT NULL, node_id uuid NOT NULL);
        CREATE TABLE IF NOT EXISTS public.loggercms_epoch (
          epoch bigint PRIMARY KEY, node_id uuid NOT NULL, holder text NOT NULL, last_key bigint NOT NULL);
        CREATE TABLE IF NOT EXISTS public.loggercms_token (id uuid PRIMARY KEY, expires_us bigint NOT NULL, content bytea NOT NULL);
        CREATE TABLE IF NOT EXISTS public.loggercms_request (id uuid PRIMARY KEY, expires_us bigint NOT NULL, content bytea NOT NULL);
        INSERT INTO public.loggercms_lease (one, epoch, holder, expires_us, node_id)
          VALUES (1, 0, '', 0, '00000000-0000-0000-0000-000000000000') ON CONFLICT (one) DO NOTHING;
        """;

    public static async Task<bool> ExistAsync(PgSession session, CancellationToken cancellationToken)
        => await session.ScalarAsync<bool>("SELECT to_regclass('public.loggercms_system') IS NOT NULL", cancellationToken).ConfigureAwait(false);

    /// <summary>Refuses another format, and tables that are not there.</summary>
    public static async Task CheckAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        if (!await ExistAsync(session, cancellationToken).ConfigureAwait(false))
            throw SystemTables.NotPrepared(database);
        CheckFormat(await session.ScalarAsync<int>("SELECT format FROM public.loggercms_system", cancellationToken).ConfigureAwait(false), database);
    }

    public static async Task MakeAsync(PgSession session, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync($"SELECT pg_advisory_xact_lock({MakeLock})", cancellationToken).ConfigureAwait(false);
        if (await ExistAsync(session, cancellationToken).ConfigureAwait(false))
            return;
        await session.ExecuteAsync(Create, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            "INSERT INTO public.loggercms_system VALUES (1, $1, $2, 0, 0, 0)", cancellationToken, SystemTables.Format, Guid.NewGuid()).ConfigureAwait(false);
    }

    public static async Task<SystemDatabaseState> ReadStateAsync(PgSession session, string database, CancellationToken cancellationToken)
    {
        await CheckAsync(session, database, cancellationToken).ConfigureAwait(false);
        var epochs = await session.QueryAsync(
            "SELECT epoch, node_id, last_key FROM public.loggercms_epoch ORDER BY epoch",
            r => new EpochEnd(r.GetInt64(0), r.GetGuid(1), r.GetInt64(2)), cancellationToken).ConfigureAwait(false);
        var lease = await ReadLeaseAsync(session, cancellationToken).ConfigureAwait(false);

        // A state transfer brings objects that no block here was reserved for.
        var rows = await session.QueryAsync(
            """
            SELECT identity, greatest(object_id_end, (SELECT max(id) FROM public.cms_object)), update_key_end, last_update_key,
              (SELECT count(*) FROM public.cms_object), pg_total_relation_size('public.cms_object'), current_setting('fsync') <> 'off' FROM public.loggercms_system
            """,
            r => new SystemDatabaseState(
                r.GetGuid(0), lease, r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), epochs)
            { IsSynced = r.GetBoolean(6) },
            cancellationToken).ConfigureAwait(false);
        return rows.Count == 1 ? rows[0] : throw SystemTables.NotPrepared(database);
    }

    /// <summary>Takes the lease; the row's lock makes a compare-and-set of the look at its holder.</summary>
    public static async Task<(Lease Lease, Tenure Tenure)> TakeLeaseAsync(
        PgSession session, string database, Guid nodeId, string nodeName, bool takeOver, long usedEpoch, CancellationToken cancellationToken)
    {
        await CheckAsync(session, database, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync("SELECT FROM public.loggercms_lease FOR UPDATE", cancellationToken).ConfigureAwait(false);
        var former = await ReadLeaseAsync(session, cancellationToken).ConfigureAwait(false);
        if (former is { InForce: true } && former.NodeId != nodeId && !takeOver)
            throw SystemTables.InService(database, former);
        var lease = new Lease(Math.Max(former?.Epoch ?? 0, usedEpoch) + 1, nodeId, nodeName, InForce: true);
        await session.ExecuteAsync(
            "UPDATE public.loggercms_lease SET epoch = $1, node_id = $2, holder = $3, expires_us = $4",
            cancellationToken, lease.Epoch, nodeId, nodeName, SystemTables.Never).ConfigureAwait(false);
        await session.ExecuteAsync(
            "INSERT INTO public.loggercms_epoch (epoch, node_id, holder, last_key) SELECT $1, $2, $3, update_key_end FROM public.loggercms_system",
            cancellationToken, lease.Epoch, nodeId, nodeName).ConfigureAwait(false);
        var (identity, lastKey) = (await session.QueryAsync(
            "SELECT identity, update_key_end FROM public.loggercms_system", r => (r.GetGuid(0), r.GetInt64(1)), cancellationToken).ConfigureAwait(false))[0];
        return (lease, new Tenure(lease.Epoch, nodeId, identity, lastKey));
    }

    public static Task ReleaseLeaseAsync(PgSession session, Tenure tenure, CancellationToken cancellationToken)
        => session.ExecuteAsync(
            $"UPDATE public.loggercms_lease AS l SET expires_us = 0 FROM public.loggercms_system AS s WHERE {Holds}",
            cancellationToken, tenure.Epoch, tenure.NodeId, tenure.Identity);

    /// <summary>The first statement of every write: a node whose epoch was taken over, or that has come upon another system or an earlier state, goes no further.</summary>
    public static async Task HoldEpochAsync(PgSession session, string database, Tenure tenure, CancellationToken cancellationToken)
    {
        var held = await session.QueryAsync(
            $"""
            UPDATE public.loggercms_lease AS l SET epoch = l.epoch FROM public.loggercms_system AS s WHERE {Holds}
            RETURNING s.format, coalesce((SELECT e.last_key FROM public.loggercms_epoch AS e WHERE e.epoch = l.epoch), 0)
            """,
            r => (Format: r.GetInt32(0), LastKey: r.GetInt64(1)), cancellationToken, tenure.Epoch, tenure.NodeId, tenure.Identity).ConfigureAwait(false);
        if (held.Count != 1)
            throw SystemTables.EpochLost(database, tenure.Epoch);
        CheckFormat(held[0].Format, database);
        tenure.Check(database, held[0].LastKey);
    }

    private static void CheckFormat(int format, string database)
    {
        if (format != SystemTables.Format)
            throw SystemTables.UnknownFormat(database, format.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task<Lease?> ReadLeaseAsync(PgSession session, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync(
            $"SELECT epoch, node_id, holder, expires_us > {Now} FROM public.loggercms_lease WHERE epoch > 0",
            r => new Lease(r.GetInt64(0), r.GetGuid(1), r.GetString(2), r.GetBoolean(3)), cancellationToken).ConfigureAwait(false);
        return rows.Count == 1 ? rows[0] : null;
    }
}
