namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// Keeps triggers and foreign key actions from firing for what a transfer writes, for its own transaction only.
/// With the right to set <c>session_replication_role</c> the server does it; otherwise the tables' owner switches them off one by one
/// and back on before the commit. Either way a rollback restores everything. Rules that would fire are refused: to switch one off PostgreSQL shuts
/// readers out of the table, those of the transfer too.
/// </summary>
internal sealed class PgTriggerGuard
{
    private readonly PgSession _session;
    private readonly List<string> _restore = [];
    private bool _deferred;

    private PgTriggerGuard(PgSession session) => _session = session;

    public static async Task<PgTriggerGuard> EngageAsync(PgSession session, IReadOnlyList<PgTable> tables, CancellationToken cancellationToken)
    {
        var guard = new PgTriggerGuard(session);
        var replica = await TryReplicaRoleAsync(session, cancellationToken).ConfigureAwait(false);
        if (tables.Count == 0)
            return guard;
        var oids = string.Join(", ", tables.Select(t => t.Oid));

        // As a replica only triggers and rules marked REPLICA or ALWAYS fire; otherwise those marked ALWAYS and the ordinary ones.
        var triggers = await session.QueryAsync(
            $"""
            SELECT format('%I.%I', n.nspname, c.relname), quote_ident(g.tgname), g.tgenabled::text
            FROM pg_trigger AS g JOIN pg_class AS c ON c.oid = g.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgenabled IN ('A', '{(replica ? 'R' : 'O')}')
                AND (g.tgrelid IN ({oids}) OR EXISTS (
                    SELECT FROM unnest(ARRAY[{oids}]::oid[]) AS p(oid) WHERE p.oid IN (SELECT relid::oid FROM pg_partition_ancestors(g.tgrelid))))
            """,
            r => (Table: r.GetString(0), Name: r.GetString(1), Mode: r.GetString(2)), cancellationToken).ConfigureAwait(false);
        foreach (var trigger in triggers)
        {
            await guard.AlterAsync($"ALTER TABLE {trigger.Table} DISABLE TRIGGER {trigger.Name}", trigger.Table, cancellationToken).ConfigureAwait(false);
            var mode = trigger.Mode switch { "A" => "ENABLE ALWAYS", "R" => "ENABLE REPLICA", _ => "ENABLE" };
            guard._restore.Add($"ALTER TABLE {trigger.Table} {mode} TRIGGER {trigger.Name}");
        }

        await RefuseRulesAsync(session, oids, replica, cancellationToken).ConfigureAwait(false);
        if (!replica)
            await guard.DeferForeignKeysAsync(oids, cancellationToken).ConfigureAwait(false);
        return guard;
    }

    private static async Task RefuseRulesAsync(PgSession session, string oids, bool replica, CancellationToken cancellationToken)
    {
        var rules = await session.QueryAsync(
            $"""
            SELECT format('%I.%I', n.nspname, c.relname), quote_ident(r.rulename)
            FROM pg_rewrite AS r JOIN pg_class AS c ON c.oid = r.ev_class JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE r.ev_class IN ({oids}) AND r.ev_enabled IN ('A', '{(replica ? 'R' : 'O')}') LIMIT 1
            """,
            r => (Table: r.GetString(0), Name: r.GetString(1)), cancellationToken).ConfigureAwait(false);
        if (rules is not [var (table, name)])
            return;
        var off = $"ALTER TABLE {table} DISABLE RULE {name}";
        throw new LoggerCmsException(
            ErrorCodes.AccessDenied,
            $"Rule {name} of {table} would fire for what the transfer writes, and change what it is not about.",
            replica ? $"For the time of the transfer: {off}" : $"Connect as one who may set session_replication_role, or for the time of the transfer: {off}");
    }

    /// <summary>Puts back what was switched off; deferred foreign keys are checked here.</summary>
    public async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        if (_deferred)
            await _session.ExecuteAsync("SET CONSTRAINTS ALL IMMEDIATE", cancellationToken).ConfigureAwait(false);
        foreach (var statement in _restore)
            await _session.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<bool> TryReplicaRoleAsync(PgSession session, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync("SAVEPOINT loggercms_role", cancellationToken).ConfigureAwait(false);
        try
        {
            await session.ExecuteAsync("SET LOCAL session_replication_role = replica; RELEASE SAVEPOINT loggercms_role", cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (LoggerCmsException e) when (e.Code == ErrorCodes.AccessDenied)
        {
            await session.ExecuteAsync("ROLLBACK TO SAVEPOINT loggercms_role", cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    private async Task DeferForeignKeysAsync(string oids, CancellationToken cancellationToken)
    {
        var keys = await _session.QueryAsync(
            $"""
            SELECT format('%I.%I', n.nspname, c.relname), quote_ident(k.conname), k.confdeltype = 'a' AND k.confupdtype = 'a', k.condeferrable, k.condeferred
            FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid IN ({oids}) OR k.confrelid IN ({oids}))
            """,
            r => (Table: r.GetString(0), Name: r.GetString(1), Plain: r.GetBoolean(2), Deferrable: r.GetBoolean(3), Deferred: r.GetBoolean(4)),
            cancellationToken).ConfigureAwait(false);
        foreach (var key in keys)
        {
            // RESTRICT, CASCADE and SET act at once whatever is deferred.
            if (!key.Plain)
                throw Denied($"foreign key {key.Name} of {key.Table} acts on other rows", null);
            if (!key.Deferrable)
            {
                await AlterAsync($"ALTER TABLE {key.Table} ALTER CONSTRAINT {key.Name} DEFERRABLE", key.Table, cancellationToken).ConfigureAwait(false);
                _restore.Add($"ALTER TABLE {key.Table} ALTER CONSTRAINT {key.Name} NOT DEFERRABLE");
            }
        }

        if (keys.Count > 0)
        {
            await _session.ExecuteAsync("SET CONSTRAINTS ALL DEFERRED", cancellationToken).ConfigureAwait(false);
            _deferred = true;
        }
    }

    private async Task AlterAsync(string statement, string table, CancellationToken cancellationToken)
    {
        try
        {
            await _session.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException e) when (e.Code == ErrorCodes.AccessDenied)
        {
            throw Denied($"only the owner of {table} can", e);
        }
    }

    private static LoggerCmsException Denied(string why, LoggerCmsException? cause) => new(
        ErrorCodes.AccessDenied,
        $"Triggers and foreign key actions would falsify the transfer and cannot be switched off: {why}.",
        "As a superuser: GRANT SET ON PARAMETER session_replication_role TO the user of this connection (PostgreSQL 15 or later); or connect as a superuser.",
        cause?.Side, innerException: cause);
}
