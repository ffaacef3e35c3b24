namespace LoggerCms.Databases.PostgreSql;

/// <summary>What tells one database from another.</summary>
/// <param name="Kept">Equal for two connections to the same database at any time; also to a copy of the whole server on another machine.</param>
/// <param name="Started">When the server was started, to the microsecond: not the same for a copy.</param>
internal sealed record PgIdentity(string Kept, string Started)
{
    public static async Task<PgIdentity> ReadAsync(PgSession session, CancellationToken cancellationToken)
    {
        // The cluster's number is copied with its files; the port tells a copy that runs beside its original from it.
        var readable = await session.ScalarAsync<bool>(
            "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')",
            cancellationToken).ConfigureAwait(false);
        var cluster = readable
            ? await session.ScalarAsync<string>(
                "SELECT system_identifier::text FROM pg_control_system()", cancellationToken).ConfigureAwait(false)
            : await session.ScalarAsync<string>("SELECT coalesce(host(inet_server_addr()), 'local')", cancellationToken).ConfigureAwait(false);
        var (database, started) = (await session.QueryAsync(
            """
            SELECT current_setting('port') || '/' || oid::text || '/' || datname::text, extract(epoch FROM pg_postmaster_start_time())::text
            FROM pg_database WHERE datname = current_database()
            """,
            r => (r.GetString(0), r.GetString(1)), cancellationToken).ConfigureAwait(false))[0];
        return new PgIdentity($"postgresql/{cluster}/{database}", started);
    }
}
