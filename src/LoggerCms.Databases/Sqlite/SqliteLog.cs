using System.Globalization;
using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The config message log of a SQLite file.</summary>
internal sealed class SqliteLog(SqliteSide side) : ISideLog
{
    private const int EntriesPerTurn = 1000;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Old entries can wait for the next time.</summary>
    private static readonly TimeSpan TrimTimeout = TimeSpan.FromSeconds(2);

    public Task EnableAsync(string sideName, IReadOnlyList<TableSchema> tables, TimeSpan retention, CancellationToken cancellationToken)
        => WriteAsync(
            db =>
            {
                var catalog = SqliteCatalog.Read(db, SideProfile.Empty);
                var chosen = tables.Select(t => catalog.Find(t, db)).ToList();
                var uniques = chosen.ToDictionary(t => t.Name, t => SqliteLogCheck.Examine(db, catalog, t), StringComparer.Ordinal);
                var before = SqliteLogTables.Find(db);
                var log = before ?? SqliteLogTables.Make(db, sideName);
                log.SettleIncarnation();
                log.Set("retention_seconds", ((long)retention.TotalSeconds).ToString(CultureInfo.InvariantCulture));
                var added = chosen.Where(t => !SqliteLogTriggers.AreThere(db, catalog, t)).ToList();
                foreach (var table in added)
                    DropTriggers(db, SqliteLogTriggers.Names(table.Name).Concat(SqliteLogTriggers.Read(db, table).Select(t => t.Name)));
                if (before is not null && added.Count > 0)
                    log.Renew();
                foreach (var table in added)
                {
                    log.ForgetPositions(table.Name);
                    foreach (var trigger in SqliteLogTriggers.Create(table, uniques[table.Name]))
                        db.Execute(trigger);
                }

                return true;
            },
            cancellationToken);

    public async Task DisableAsync(CancellationToken cancellationToken)
    {
        const string own = "SELECT name, type FROM main.sqlite_schema WHERE type IN ('trigger', 'table') AND name LIKE 'loggercms\\_%' ESCAPE '\\'";
        if (!await side.ReadAsync(db => db.ScalarText(own) is not null, cancellationToken).ConfigureAwait(false))
            return;
        await WriteAsync(
            db =>
            {
                var names = new List<(string Name, string Type)>();
                using (var list = db.Prepare(own))
                {
                    while (list.Step())
                        names.Add((list.Text(0), list.Text(1)));
                }

                DropTriggers(db, names.Where(n => n.Type == "trigger").Select(n => n.Name));
                foreach (var (name, _) in names.Where(n => n.Type == "table" && !SystemTables.NotOfLog.Contains(n.Name)))
                    db.Execute($"DROP TABLE main.{SqliteSql.Quote(name)}");
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    public Task<ConfigMessageLogState> GetStateAsync(CancellationToken cancellationToken)
        => ReadAsync(
            db =>
            {
                if (SqliteLogTables.Find(db) is not { } log)
                    return new ConfigMessageLogState { Side = side.DisplayName, Enabled = false };
                using var first = db.Prepare("SELECT min(update_key), (SELECT count(*) FROM main.loggercms_log) FROM main.loggercms_log WHERE origin = ?1");
                first.Bind(1, log.Origin).Step();
                return new ConfigMessageLogState
                {
                    Side = side.DisplayName,
                    Enabled = true,
                    Origin = log.Origin,
                    LastUpdateKey = log.IsCopy ? 0 : log.LastUpdateKey,
                    FirstUpdateKey = first.IsNull(0) ? null : first.Int64(0),
                    Entries = first.Int64(1),
                    Retention = log.Retention,
                    Tables = Covered(db, log),
                    Position = log.ReadPosition().Keys,
                };
            },
            cancellationToken);

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string? origin, long after, long upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        LogEntry? last = null;
        while (true)
        {
            var entries = await ReadAsync(db => ReadSome(db, origin, after, upTo, last), cancellationToken).ConfigureAwait(false);
            foreach (var entry in entries)
                yield return entry;
            if (entries.Count < EntriesPerTurn)
                yield break;
            last = entries[^1];
        }
    }

    public Task<IReadOnlyDictionary<string, long>> GetStartsAsync(CancellationToken cancellationToken)
        => ReadAsync<IReadOnlyDictionary<string, long>>(
            db => SqliteLogTables.Find(db)?.ReadStarts() ?? [], cancellationToken);

    public async Task<long> TrimAsync(CancellationToken cancellationToken)
    {
        // A reader of a file that has nothing to trim neither needs the right to write nor waits for its writers.
        if (!await ReadAsync(db => SqliteLogTables.Find(db) is { } log && Outlived(db, log).Count > 0, cancellationToken).ConfigureAwait(false))
            return 0;
        return await WriteAsync(
            db =>
            {
                if (SqliteLogTables.Find(db) is not { } log)
                    return 0;
                var total = 0L;
                foreach (var (origin, last) in Outlived(db, log))
                {
                    using var delete = db.Prepare("DELETE FROM main.loggercms_log WHERE origin = ?1 AND update_key <= ?2");
                    delete.Bind(1, origin).Bind(2, last).Run();
                    total += db.Changes;
                    log.SetPosition(string.Empty, origin, last + 1);
                }

                return total;
            },
            cancellationToken,
            TrimTimeout).ConfigureAwait(false);
    }

    /// <summary>
    /// By origin, the last key that is older than the retention. The last entry of another origin stays: by it a source that was restored is told from
    /// one that went on.
    /// </summary>
    private static List<(string Origin, long Last)> Outlived(SqliteDb db, SqliteLogTables log)
    {
        var gone = new List<(string Origin, long Last)>();
        using var list = db.Prepare(
            // Only from the front: a log with a hole could not say from where on it is complete.
            "SELECT origin, max(update_key) FROM main.loggercms_log AS e WHERE at_us < ?1 AND NOT EXISTS"
            + " (SELECT 1 FROM main.loggercms_log AS young WHERE young.origin = e.origin AND young.update_key < e.update_key AND young.at_us >= ?1)"
            + " AND (origin = ?2 OR EXISTS (SELECT 1 FROM main.loggercms_log AS later WHERE later.origin = e.origin AND later.update_key > e.update_key))"
            + " GROUP BY origin");
        list.Bind(1, db.ScalarInt64($"SELECT {SqliteLogTables.NowMicroseconds}") - (long)log.Retention.TotalMicroseconds).Bind(2, log.StoredOrigin);
        while (list.Step())
            gone.Add((list.Text(0), list.Int64(1)));
        return gone;
    }

    /// <summary>Tables that have the triggers that they need as they are now: those that an index or an earlier build left short miss changes.</summary>
    private static List<string> Covered(SqliteDb db, SqliteLogTables log)
    {
        var catalog = SqliteCatalog.Read(db, SideProfile.Empty);
        return [.. log.ReadTables().Where(name => catalog.Side.Tables.FirstOrDefault(t => t.Name.Name == name) is { } table
            && SqliteLogTriggers.AreThere(db, catalog, catalog.Find(table, db)))];
    }

    private static void DropTriggers(SqliteDb db, IEnumerable<string> names)
    {
        foreach (var name in names.ToList())
            db.Execute($"DROP TRIGGER IF EXISTS main.{SqliteSql.Quote(name)}");
    }

    private static List<LogEntry> ReadSome(SqliteDb db, string? origin, long after, long upTo, LogEntry? last)
    {
        var found = new List<LogEntry>();
        if (SqliteLogTables.Find(db) is null)
            return found;
        using var list = db.Prepare(
            "SELECT origin, update_key, table_name, operation, row_key, at_us FROM main.loggercms_log"
            + " WHERE update_key > ?2 AND update_key <= ?3 AND (?1 IS NULL OR origin = ?1) AND (origin, update_key) > (?4, ?5)"
            + $" ORDER BY origin, update_key LIMIT {EntriesPerTurn}");
        list.Bind(1, origin).Bind(2, after).Bind(3, upTo).Bind(4, last?.Origin ?? origin ?? string.Empty).Bind(5, last?.UpdateKey ?? after);
        while (list.Step())
            found.Add(new LogEntry(list.Text(0), list.Int64(1), list.Text(2), (LogOperation)list.Text(3)[0], list.Text(4), list.Int64(5)));
        return found;
    }

    private Task<T> ReadAsync<T>(Func<SqliteDb, T> work, CancellationToken cancellationToken)
        => side.ReadAsync(
            db =>
            {
                // Several statements, one commit.
                db.Execute("BEGIN");
                try
                {
                    return work(db);
                }
                finally
                {
                    db.Execute("ROLLBACK");
                }
            },
            cancellationToken);

    private Task<T> WriteAsync<T>(Func<SqliteDb, T> work, CancellationToken cancellationToken, TimeSpan? wait = null)
        => Task.Run(
            () =>
            {
                var timeout = wait ?? LockTimeout;
                using var db = SqliteDb.Open(side.Database, side.DisplayName, write: true);
                SqliteTransaction.Prepare(db);
                db.MakeCommitsLast();
                if (!db.TryExecuteLocked("BEGIN IMMEDIATE", timeout, cancellationToken))
                    throw SqliteTransaction.InUse(db, timeout);
                var result = SqliteReads.Run(db, () => work(db), cancellationToken);
                if (!db.TryExecuteLocked("COMMIT", timeout, CancellationToken.None))
                    throw SqliteTransaction.InUse(db, timeout);
                return result;
            },
            cancellationToken);
}
