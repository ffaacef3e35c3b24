namespace LoggerCms.Databases.PostgreSql;

/// <param name="Connection">Equal for two connections to the same database.</param>
/// <param name="Incarnation">What a restored or cloned database no longer is: cluster, database and timeline.</param>
internal sealed record PgIdentity(string Connection, string Incarnation)
{
    public static async Task<PgIdentity> ReadAsync(PgSession session, CancellationToken cancellationToken)
    {
        // The cluster's number is copied with its files; the port tells a copy that runs beside its original from it.
        var readable = await session.ScalarAsync<bool>(
            "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE')",
            cancellationToken).ConfigureAwait(false);
        var cluster = readable
            ? await session.ScalarAsync<string>(
                "SELECT system_identifier::text || '/' || timeline_id::text FROM pg_control_system(), pg_control_checkpoint()", cancellationToken).ConfigureAwait(false)
            : await session.ScalarAsync<string>("SELECT coalesce(host(inet_server_addr()), 'local')", cancellationToken).ConfigureAwait(false);
        var database = await session.ScalarAsync<string>(
            "SELECT oid::text || '/' || datname::text FROM pg_database WHERE datname = current_database()", cancellationToken).ConfigureAwait(false);
        var port = await session.ScalarAsync<string>("SELECT current_setting('port')", cancellationToken).ConfigureAwait(false);
        return new PgIdentity($"postgresql/{cluster}/{port}/{database}", $"{cluster}/{database}");
    }
}
