namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// The table of transfers that committed here. A transfer holds an advisory lock by its id from the row's insert to the end of its transaction,
/// so that whoever looks for the id after a lost answer waits until that transaction is decided.
/// </summary>
internal static class PgTransfers
{
    private const string DecisionTimeout = "20s";

    private const string LockKey = "hashtextextended('loggercms_transfer ' || $1, 0)";

    private const string IsThere = "SELECT to_regclass('public.loggercms_transfer') IS NOT NULL";

    /// <summary>Makes the table where it is missing: at a transfer's begin, so that a right that is not there shows before the work.</summary>
    public static async Task PrepareAsync(PgSession session, CancellationToken cancellationToken)
    {
        if (!await session.ScalarAsync<bool>(IsThere, cancellationToken).ConfigureAwait(false))
        {
            await session.ExecuteAsync(
                "CREATE TABLE public.loggercms_transfer (id text PRIMARY KEY, at_us bigint NOT NULL)", cancellationToken).ConfigureAwait(false);
        }
    }

    public static async Task<long> RecordAsync(PgSession session, Guid id, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync($"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken, id.ToString("D")).ConfigureAwait(false);
        return await session.ScalarAsync<long>(
            """
            INSERT INTO public.loggercms_transfer (id, at_us) VALUES ($1, greatest(
                (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, (SELECT max(at_us) + 1 FROM public.loggercms_transfer)))
            RETURNING at_us
            """,
            cancellationToken, id.ToString("D")).ConfigureAwait(false);
    }

    public static async Task<long> CountAsync(PgSession session, CancellationToken cancellationToken)
        => await session.ScalarAsync<bool>(IsThere, cancellationToken).ConfigureAwait(false)
            ? await session.ScalarAsync<long>("SELECT count(*) FROM public.loggercms_transfer", cancellationToken).ConfigureAwait(false)
            : 0;

    public static async Task<bool> HasAsync(PgSession session, Guid id, CancellationToken cancellationToken)
    {
        if (!await session.ScalarAsync<bool>(IsThere, cancellationToken).ConfigureAwait(false))
            return false;
        await session.ExecuteAsync($"SET lock_timeout = '{DecisionTimeout}'", cancellationToken).ConfigureAwait(false);
        try
        {
            await session.ExecuteAsync($"SELECT pg_advisory_lock({LockKey})", cancellationToken, id.ToString("D")).ConfigureAwait(false);
            await session.ExecuteAsync($"SELECT pg_advisory_unlock({LockKey})", cancellationToken, id.ToString("D")).ConfigureAwait(false);
        }
        catch (LoggerCmsException e) when (e.Code == ErrorCodes.DestinationInUse)
        {
            throw new LoggerCmsException(
                ErrorCodes.OutcomeUnknown,
                $"The transaction of transfer {id} is still open on the server, so it is not decided yet.",
                "End its session with pg_terminate_backend, or wait until the server notices that it was cut, then ask again.",
                e.Side, innerException: e);
        }
        finally
        {
            if (session.IsUsable)
                await session.ExecuteAsync("SET lock_timeout = 0", CancellationToken.None).ConfigureAwait(false);
        }

        return await session.ScalarAsync<bool>(
            "SELECT EXISTS (SELECT FROM public.loggercms_transfer WHERE id = $1)", cancellationToken, id.ToString("D")).ConfigureAwait(false);
    }
}
