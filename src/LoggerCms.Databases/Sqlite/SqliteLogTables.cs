using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The log's own tables in a database, as one connection sees them.</summary>
internal sealed class SqliteLogTables
{
    public const string NowMicroseconds = "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)";
    private const string LastKey = "last_key";

    private readonly SqliteDb _db;

    private SqliteLogTables(SqliteDb db, string origin, string identity)
    {
        _db = db;
        StoredOrigin = origin;
        IsCopy = identity != SqliteIdentity.Of(db.Path);
    }

    /// <summary>The origin under which the triggers write.</summary>
    public string StoredOrigin { get; private set; }

    /// <summary>True in a copy of the database that the log was enabled in, until the log is next written through LoggerCms.</summary>
    public bool IsCopy { get; private set; }

    public string Origin => IsCopy ? SqliteIdentity.OriginOfCopy(StoredOrigin, SqliteIdentity.Of(_db.Path)) : StoredOrigin;

    /// <summary>The last update key that was given out; it outlives the entries.</summary>
    public long LastUpdateKey => long.Parse(Get(LastKey) ?? "0", CultureInfo.InvariantCulture);

    public TimeSpan Retention => TimeSpan.FromSeconds(long.Parse(Get("retention_seconds") ?? "0", CultureInfo.InvariantCulture));

    /// <summary>Null where no log is enabled.</summary>
    public static SqliteLogTables? Find(SqliteDb db)
    {
        if (db.ScalarInt64("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'loggercms_log'") == 0)
            return null;
        return db.ScalarText("SELECT value FROM main.loggercms_meta WHERE name = 'origin'") is { } origin
            ? new SqliteLogTables(db, origin, db.ScalarText("SELECT value FROM main.loggercms_meta WHERE name = 'identity'") ?? string.Empty)
            : null;
    }

    public static SqliteLogTables Make(SqliteDb db, string sideName)
    {
        db.Execute(
            """
            CREATE TABLE IF NOT EXISTS main.loggercms_meta (name TEXT NOT NULL PRIMARY KEY, value TEXT) WITHOUT ROWID;
            CREATE TABLE main.loggercms_log (
              origin TEXT NOT NULL, update_key INTEGER NOT NULL, table_name TEXT NOT NULL, operation TEXT NOT NULL, row_key TEXT NOT NULL,
              at_us INTEGER NOT NULL, PRIMARY KEY (origin, update_key)) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS main.loggercms_position (
              table_name TEXT NOT NULL, origin TEXT NOT NULL, update_key INTEGER NOT NULL, PRIMARY KEY (table_name, origin)) WITHOUT ROWID;
            """);
        var tables = new SqliteLogTables(db, SqliteIdentity.NewOrigin(sideName), SqliteIdentity.Of(db.Path));
        tables.Set("format", "1");
        tables.Set("side", sideName);
        tables.Set("identity", SqliteIdentity.Of(db.Path));
        tables.Set("origin", tables.StoredOrigin);
        tables.Set(LastKey, tables.Get(LastKey) ?? "0");
        tables.SetPosition(string.Empty, tables.StoredOrigin, tables.LastUpdateKey + 1);
        return tables;
    }

    public string? Get(string name)
    {
        using var get = _db.Prepare("SELECT value FROM main.loggercms_meta WHERE name = ?1");
        return get.Bind(1, name).Step() ? get.TextOrNull(0) : null;
    }

    public void Set(string name, string value)
    {
        using var set = _db.Prepare("INSERT OR REPLACE INTO main.loggercms_meta (name, value) VALUES (?1, ?2)");
        set.Bind(1, name).Bind(2, value).Run();
    }

    public void SetPosition(string table, string origin, long key)
    {
        using var set = _db.Prepare("INSERT OR REPLACE INTO main.loggercms_position (table_name, origin, update_key) VALUES (?1, ?2, ?3)");
        set.Bind(1, table).Bind(2, origin).Bind(3, key).Run();
    }

    public void ForgetPositions(string table)
    {
        using var forget = _db.Prepare("DELETE FROM main.loggercms_position WHERE table_name = ?1");
        forget.Bind(1, table).Run();
    }

    public long? GetPosition(string table, string origin)
    {
        using var get = _db.Prepare("SELECT update_key FROM main.loggercms_position WHERE table_name = ?1 AND origin = ?2");
        return get.Bind(1, table).Bind(2, origin).Step() ? get.Int64(0) : null;
    }

    /// <summary>Tables that have the log's triggers.</summary>
    public List<string> ReadTables()
    {
        var tables = new List<string>();
        using var list = _db.Prepare("SELECT DISTINCT tbl_name FROM main.sqlite_schema WHERE type = 'trigger' AND name = 'loggercms_insert_' || tbl_name");
        while (list.Step())
            tables.Add(list.Text(0));
        tables.Sort(StringComparer.Ordinal);
        return tables;
    }

    public Dictionary<string, long> ReadStarts()
    {
        var starts = new Dictionary<string, long>(StringComparer.Ordinal);
        using var list = _db.Prepare("SELECT origin, update_key FROM main.loggercms_position WHERE table_name = ''");
        while (list.Step())
            starts[list.Text(0)] = list.Int64(1);
        return starts;
    }

    /// <summary>The own key, and for every other origin the lowest position of the logged tables; a table without one stands at nothing.</summary>
    public SidePosition ReadPosition()
    {
        var received = new List<(string Table, string Origin, long Key)>();
        using (var list = _db.Prepare("SELECT table_name, origin, update_key FROM main.loggercms_position WHERE table_name <> ''"))
        {
            while (list.Step())
                received.Add((list.Text(0), list.Text(1), list.Int64(2)));
        }

        var own = new Dictionary<string, long>(StringComparer.Ordinal) { [StoredOrigin] = LastUpdateKey };
        if (IsCopy)
            own[Origin] = 0;
        return PositionRows.Complete(Origin, own, ReadTables(), received);
    }

    /// <summary>Gives a copied or restored database the incarnation of its own that it has been shown with.</summary>
    public void SettleIncarnation()
    {
        if (IsCopy)
            Renew(Origin);
    }

    /// <summary>Numbers from 1 on under another origin; what was numbered so far stays as a position of the former one.</summary>
    public void Renew(string? origin = null)
    {
        var last = LastUpdateKey;
        foreach (var table in ReadTables().Append(SidePosition.FormerOrigins))
            SetPosition(table, StoredOrigin, last);
        StoredOrigin = origin ?? SqliteIdentity.NewOrigin(Get("side") ?? "A");
        IsCopy = false;
        Set("origin", StoredOrigin);
        Set("identity", SqliteIdentity.Of(_db.Path));
        Set(LastKey, "0");
        SetPosition(string.Empty, StoredOrigin, 1);
    }
}
