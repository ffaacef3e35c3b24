using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// Reads how far a log is complete although keys commit out of order.
/// <para>A writer T, at its first logged row (<see cref="PgLogFunctions"/>):</para>
/// <list type="number">
/// <item>reads L, the sequence's last value;</item>
/// <item>takes the shared advisory lock (<see cref="PgLogLocks.Low"/>, L), held to the end of its transaction;</item>
/// <item>draws its first key F, and takes the shared advisory lock (<see cref="PgLogLocks.First"/>, F);</item>
/// <item>draws a key from the sequence for each further row. All its keys are above L, and none is below F.</item>
/// </list>
/// <para>A reader:</para>
/// <list type="number">
/// <item>reads V, the sequence's last value;</item>
/// <item>then reads the locks: T's bound is F - 1, or L while its second lock is not there yet;</item>
/// <item>then takes its snapshot. K is the least of V and all bounds.</item>
/// </list>
/// <para>Why every key up to K is visible in that snapshot or never will be. Take a transaction T that the snapshot does not see.</para>
/// <list type="number">
/// <item>T held its lock when the locks were read: its keys are above its bound, and K is not.</item>
/// <item>T took its lock afterwards: it drew its keys after that, so after V was read, and they are above V. This is why V is read first:
/// the other way round, T could take lock and key between the two.</item>
/// <item>T had given its lock back: then it had ended, and a commit is visible before its locks go, so the later snapshot sees it.
/// An aborted T, or an aborted savepoint, leaves no entry; its lock and its note of having taken it go together, so that the next row takes another.</item>
/// <item>T is prepared (two-phase): its locks stay with it, also over a restart. After a crash every other T is gone, and the sequence only jumps ahead.</item>
/// </list>
/// <para>
/// What is true of K stays true, so a later, lower K is as safe. It can only come from a T between its steps 1 and 3, which takes no time unless
/// it is suspended just there. Writers pay two advisory locks and one read of the log's own small table a transaction; nobody waits for anybody,
/// but during <see cref="ISideLogWriter.RenewOriginAsync"/>. A standby does not see the primary's locks and has no position.
/// </para>
/// </summary>
internal sealed record PgLogPosition(string Origin, long Last)
{
    /// <summary>The last key that was given out.</summary>
    public long Drawn { get; private init; }

    /// <summary>Null where there is no log that this session can read. To be called before the snapshot that it is to hold for.</summary>
    public static async Task<PgLogPosition?> ReadAsync(PgSession session, CancellationToken cancellationToken)
    {
        if (!await session.ScalarAsync<bool>(
            """
            SELECT NOT pg_is_in_recovery() AND coalesce(
                has_table_privilege(to_regclass('public.loggercms_meta'), 'SELECT') AND has_table_privilege(to_regclass('public.loggercms_position'), 'SELECT'), false)
            """,
            cancellationToken).ConfigureAwait(false))
            return null;
        while (true)
        {
            var (origin, pending) = await OriginAsync(session, cancellationToken).ConfigureAwait(false);
            if (pending is not null)
                return new PgLogPosition(pending, 0);
            var last = await session.ScalarAsync<string>(
                $"SELECT public.loggercms_last({PgName.Literal(PgLogFunctions.SequenceOf(origin))})::text", cancellationToken).ConfigureAwait(false);
            var bound = await session.ScalarAsync<long>(
                $"""
                SELECT coalesce(min(b.bound), 9223372036854775807) FROM (
                    SELECT coalesce(min(l.value) FILTER (WHERE l.kind = {PgLogLocks.First}) - 1, min(l.value)) AS bound
                    FROM (SELECT virtualtransaction, classid::bigint >> 16 AS kind, (classid::bigint & 65535) << 32 | objid::bigint AS value
                        FROM pg_locks
                        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
                            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS l
                    WHERE l.kind IN ({PgLogLocks.Low}, {PgLogLocks.First})
                    GROUP BY l.virtualtransaction) AS b
                """,
                cancellationToken).ConfigureAwait(false);

            // Another incarnation began in between: V would be the old one's.
            if (last is not null && (await OriginAsync(session, cancellationToken).ConfigureAwait(false)).Origin == origin)
            {
                var drawn = long.Parse(last, System.Globalization.CultureInfo.InvariantCulture);
                return new PgLogPosition(origin, Math.Min(drawn, bound)) { Drawn = drawn };
            }
        }
    }

    /// <summary>The whole position, as the session's snapshot sees it.</summary>
    public async Task<SidePosition> CompleteAsync(PgSession session, CancellationToken cancellationToken)
    {
        var received = await session.QueryAsync(
            "SELECT table_name, origin, update_key FROM public.loggercms_position WHERE table_name <> ''",
            r => (r.GetString(0), r.GetString(1), r.GetInt64(2)), cancellationToken).ConfigureAwait(false);
        var logged = await session.QueryAsync(PgLogFunctions.LoggedTables, r => r.GetString(0), cancellationToken).ConfigureAwait(false);
        return PositionRows.Complete(Origin, new Dictionary<string, long>(StringComparer.Ordinal) { [Origin] = Last }, logged, received) with
        {
            Awaited = Drawn > Last ? Drawn : null,
        };
    }

    /// <summary>The origin, and the one that takes its place at the next write where this database is no longer the one that made it.</summary>
    public static async Task<(string Origin, string? Pending)> OriginAsync(PgSession session, CancellationToken cancellationToken)
        => (await session.QueryAsync(
            """
            SELECT o.value, CASE WHEN i.value <> public.loggercms_identity() THEN s.value || '-' || public.loggercms_next_suffix() END
            FROM public.loggercms_meta AS o, public.loggercms_meta AS i, public.loggercms_meta AS s
            WHERE o.name = 'origin' AND i.name = 'identity' AND s.name = 'side'
            """,
            r => (r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1)), cancellationToken).ConfigureAwait(false))[0];
}
