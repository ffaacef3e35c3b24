using System.Globalization;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// What tells a database from a restored or copied one: its date of creation, which a restore sets anew, and where the login may read it the
/// identifier of its recovery fork.
/// </summary>
internal static class SqlServerIncarnation
{
    private const string ForkQuery =
        "SELECT CAST(recovery_fork_guid AS char(36)) FROM sys.database_recovery_status WHERE database_id = DB_ID()";

    public static async Task StoreAsync(SqlServerSession session, SqlServerFacts facts, CancellationToken cancellationToken)
    {
        await SqlServerLogWriter.SetMetaAsync(session, "identity", Created(facts), cancellationToken).ConfigureAwait(false);
        await SqlServerLogWriter.SetMetaAsync(
            session, "identity_fork", await ForkAsync(session, facts, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    public static async Task<bool> IsSameAsync(SqlServerSession session, SqlServerFacts facts, CancellationToken cancellationToken)
    {
        var meta = await SqlServerLogState.ReadMetaAsync(session, cancellationToken).ConfigureAwait(false);
        if (meta.GetValueOrDefault("identity") != Created(facts))
            return false;
        var stored = meta.GetValueOrDefault("identity_fork", string.Empty);
        var found = await ForkAsync(session, facts, cancellationToken).ConfigureAwait(false);

        // Another login may not see the fork; that alone says nothing.
        return stored.Length == 0 || found.Length == 0 || stored == found;
    }

    private static string Created(SqlServerFacts facts)
        => string.Create(CultureInfo.InvariantCulture, $"{facts.Database} {facts.Created:yyyy-MM-ddTHH:mm:ss.fff}");

    private static async Task<string> ForkAsync(SqlServerSession session, SqlServerFacts facts, CancellationToken cancellationToken)
    {
        if (facts.Dialect.IsBabelfish)
            return string.Empty;
        return (string?)await session.ScalarAsync(ForkQuery, "reading the recovery fork", cancellationToken).ConfigureAwait(false) ?? string.Empty;
    }
}
