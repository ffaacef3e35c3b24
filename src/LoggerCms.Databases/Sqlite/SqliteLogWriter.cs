using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The log inside the transaction of a transfer.</summary>
internal sealed class SqliteLogWriter(SqliteDb db, SqliteLogTables log) : ISideLogWriter
{
    public Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken)
        => SqliteReads.RunAsync(db, log.ReadPosition, cancellationToken);

    public Task AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
        => SqliteReads.RunAsync(
            db,
            () =>
            {
                using var insert = db.Prepare(
                    "INSERT OR REPLACE INTO main.loggercms_log (origin, update_key, table_name, operation, row_key, at_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
                foreach (var entry in entries)
                {
                    insert.Bind(1, entry.Origin).Bind(2, entry.UpdateKey).Bind(3, entry.Table).Bind(4, ((char)entry.Operation).ToString())
                        .Bind(5, entry.Key).Bind(6, entry.AtMicroseconds).Run();
                }

                foreach (var origin in entries.GroupBy(e => e.Origin, StringComparer.Ordinal))
                    Move(origin.Key, [.. origin]);
                return true;
            },
            cancellationToken);

    public Task SetPositionAsync(SidePosition position, IReadOnlyList<TableSchema> tables, bool cut, CancellationToken cancellationToken)
        => SqliteReads.RunAsync(
            db,
            () =>
            {
                foreach (var table in tables)
                    log.ForgetPositions(table.Name.ToString());

                // The own key is the counter's.
                var received = position.Keys.Where(k => k.Key != log.StoredOrigin).ToList();
                foreach (var (origin, key) in received)
                {
                    foreach (var table in tables)
                        log.SetPosition(table.Name.ToString(), origin, key);
                }

                if (cut)
                    Cut(received);
                return true;
            },
            cancellationToken);

    public Task RenewOriginAsync(CancellationToken cancellationToken)
        => SqliteReads.RunAsync(
            db,
            () =>
            {
                log.Renew();

                // What follows may overwrite what the side itself numbered.
                log.ForgetPositions(SidePosition.FormerOrigins);
                return true;
            },
            cancellationToken);

    private void Move(string origin, IReadOnlyList<LogEntry> entries)
    {
        if (log.GetPosition(string.Empty, origin) is null)
        {
            // What came before the first entry is not here.
            log.SetPosition(string.Empty, origin, entries.Min(e => e.UpdateKey));
        }

        foreach (var table in entries.GroupBy(e => e.Table, StringComparer.Ordinal))
            log.SetPosition(table.Key, origin, table.Max(e => e.UpdateKey));
    }

    private void Cut(IReadOnlyList<KeyValuePair<string, long>> received)
    {
        var origins = log.ReadStarts().Keys.Concat(log.ReadPosition().Keys.Keys).Distinct(StringComparer.Ordinal).ToList();
        foreach (var origin in origins)
        {
            using var last = db.Prepare("SELECT max(update_key) FROM (SELECT update_key FROM main.loggercms_log WHERE origin = ?1 UNION ALL SELECT update_key FROM main.loggercms_position WHERE origin = ?1 AND table_name <> '')");
            last.Bind(1, origin).Step();
            log.SetPosition(string.Empty, origin, (last.IsNull(0) ? 0 : last.Int64(0)) + 1);
        }

        foreach (var (origin, key) in received)
            log.SetPosition(string.Empty, origin, key + 1);
        log.SetPosition(string.Empty, log.StoredOrigin, log.LastUpdateKey + 1);
        db.Execute("DELETE FROM main.loggercms_log");
    }
}
