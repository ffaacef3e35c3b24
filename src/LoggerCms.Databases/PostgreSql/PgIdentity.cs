namespace LoggerCms.Databases.PostgreSql;

/// <summary>Something equal for two connections to the same database.</summary>
internal static class PgIdentity
{
    public static async Task<string> ReadAsync(PgSession session, CancellationToken cancellationToken)
    {
        // The cluster's number is copied with its files; the port tells a copy that runs beside its original from it.
        var readable = await session.ScalarAsync<bool>(
            "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')",
            cancellationToken).ConfigureAwait(false);
        var cluster = readable
            ? await session.ScalarAsync<string>(
                "SELECT system_identifier::text FROM pg_control_system()", cancellationToken).ConfigureAwait(false)
            : await session.ScalarAsync<string>("SELECT coalesce(host(inet_server_addr()), 'local')", cancellationToken).ConfigureAwait(false);
        var database = await session.ScalarAsync<string>(
            "SELECT oid::text || '/' || datname::text FROM pg_database WHERE datname = current_database()", cancellationToken).ConfigureAwait(false);
        var port = await session.ScalarAsync<string>("SELECT current_setting('port')", cancellationToken).ConfigureAwait(false);
        return $"postgresql/{cluster}/{port}/{database}";
    }
}
