using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Shuts writers out of the tables in scope. EXCLUSIVE lets plain readers go on.</summary>
internal static class PgLocks
{
    public static async Task TakeAsync(PgSession session, IReadOnlyList<TableSchema> tables, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var milliseconds = (long)Math.Clamp(timeout.TotalMilliseconds, 1, int.MaxValue);
        var set = string.Create(CultureInfo.InvariantCulture, $"SET LOCAL lock_timeout = {milliseconds}; SET LOCAL statement_timeout = {milliseconds}");
        await session.ExecuteAsync(set, cancellationToken).ConfigureAwait(false);
        if (tables.Count > 0)
        {
            // In one order for all transfers, so that they cannot deadlock. The statement's time bounds the sum of the waits.
            var names = string.Join(", ", tables.Select(t => t.Name).Order().Select(PgName.Quote));
            try
            {
                await session.ExecuteAsync($"LOCK TABLE {names} IN EXCLUSIVE MODE", cancellationToken).ConfigureAwait(false);
            }
            catch (LoggerCmsException e) when (e.InnerException is Npgsql.PostgresException { SqlState: "55P03" or "57014" })
            {
                throw new LoggerCmsException(
                    ErrorCodes.DestinationInUse,
                    $"Other sessions write to the tables in scope; no lock was had within {timeout.TotalSeconds:0.###} s.",
                    "Stop their writers (pg_stat_activity and pg_locks show them) or give a longer -LockTimeout.",
                    e.Side, innerException: e.InnerException);
            }
        }

        await session.ExecuteAsync("SET LOCAL statement_timeout = 0", cancellationToken).ConfigureAwait(false);
    }
}
