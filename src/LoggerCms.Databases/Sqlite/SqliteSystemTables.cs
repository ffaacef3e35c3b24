using System.Globalization;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The tables of a system database: how they are made, and what stands in their single rows.</summary>
internal static class SqliteSystemTables
{
    /// <summary>
    /// Ids are kept as 16 bytes in the order of <see cref="Guid.ToByteArray(bool)"/>, big end first. There is no unique index over (parent, name):
    /// SQLite checks one at every row, so that two names could not swap in one transaction, and folds the case of ASCII only. The node keeps that rule.
    /// </summary>
    private const string Create =
        """
        CREATE TABLE IF NOT EXISTS main.cms_object (
          id INTEGER NOT NULL PRIMARY KEY, cuid TEXT NOT NULL, kind TEXT NOT NULL, parent_id INTEGER NOT NULL, name TEXT NOT NULL,
          owner_id INTEGER NOT NULL, version INTEGER NOT NULL, update_key INTEGER NOT NULL, created_us INTEGER NOT NULL,
          modified_us INTEGER NOT NULL, access_list BLOB NOT NULL, properties BLOB NOT NULL);
        CREATE UNIQUE INDEX IF NOT EXISTS main.cms_object_cuid ON cms_object (cuid);
        CREATE TABLE main.loggercms_system (
          one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), format INTEGER NOT NULL, identity TEXT NOT NULL, object_id_end INTEGER NOT NULL,
          update_key_end INTEGER NOT NULL, last_update_key INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS main.loggercms_lease (
          one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), epoch INTEGER NOT NULL, holder TEXT NOT NULL, expires_us INTEGER NOT NULL,
          node_id TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS main.loggercms_epoch (
          epoch INTEGER NOT NULL PRIMARY KEY, node_id TEXT NOT NULL, holder TEXT NOT NULL, last_key INTEGER NOT NULL);
        CREATE TABLE IF NOT EXISTS main.loggercms_token (
          id BLOB NOT NULL PRIMARY KEY, expires_us INTEGER NOT NULL, content BLOB NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS main.loggercms_request (
          id BLOB NOT NULL PRIMARY KEY, expires_us INTEGER NOT NULL, content BLOB NOT NULL) WITHOUT ROWID;
        INSERT OR IGNORE INTO main.loggercms_lease (one, epoch, holder, expires_us, node_id) VALUES (1, 0, '', 0, '');
        """;

    public static bool Exist(SqliteDb db)
        => db.ScalarInt64("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'loggercms_system'") != 0;

    /// <summary>Refuses another format, and tables that are not there.</summary>
    public static void Check(SqliteDb db)
    {
        if (!Exist(db))
            throw SystemTables.NotPrepared(db.Side);
        var format = db.ScalarText("SELECT format FROM main.loggercms_system");
        if (format != SystemTables.Format.ToString(CultureInfo.InvariantCulture))
            throw SystemTables.UnknownFormat(db.Side, format ?? "(none)");
    }

    /// <summary>Makes the tables, under the write lock.</summary>
    public static void Make(SqliteDb db)
    {
        db.Execute(Create);
        using var insert = db.Prepare("INSERT INTO main.loggercms_system VALUES (1, ?1, ?2, 0, 0, 0)");
        insert.Bind(1, SystemTables.Format).Bind(2, Guid.NewGuid().ToString("D")).Run();
    }

    public static SystemDatabaseState ReadState(SqliteDb db)
    {
        Check(db);
        var epochs = new List<EpochEnd>();
        using (var list = db.Prepare("SELECT epoch, node_id, last_key FROM main.loggercms_epoch ORDER BY epoch"))
        {
            while (list.Step())
                epochs.Add(new EpochEnd(list.Int64(0), Guid.Parse(list.Text(1)), list.Int64(2)));
        }

        // A state transfer brings objects that no block here was reserved for.
        using var row = db.Prepare(
            "SELECT identity, max(object_id_end, (SELECT coalesce(max(id), 0) FROM main.cms_object)), update_key_end, last_update_key,"
            + " (SELECT count(*) FROM main.cms_object) FROM main.loggercms_system");
        if (!row.Step())
            throw SystemTables.NotPrepared(db.Side);
        var bytes = db.ScalarInt64("PRAGMA main.page_count") * db.ScalarInt64("PRAGMA main.page_size");
        return new SystemDatabaseState(
            Guid.Parse(row.Text(0)), ReadLease(db), row.Int64(1), row.Int64(2), row.Int64(3), row.Int64(4), bytes, epochs);
    }

    public static Lease? ReadLease(SqliteDb db)
    {
        using var row = db.Prepare(
            $"SELECT epoch, node_id, holder, expires_us > {SqliteLogTables.NowMicroseconds} FROM main.loggercms_lease WHERE epoch > 0");
        return row.Step() ? new Lease(row.Int64(0), Guid.Parse(row.Text(1)), row.Text(2), row.Int64(3) != 0) : null;
    }

    /// <summary>Takes the lease under the write lock, which makes a compare-and-set of the look at its holder.</summary>
    public static (Lease Lease, Tenure Tenure) TakeLease(SqliteDb db, Guid nodeId, string nodeName, bool takeOver, long usedEpoch)
    {
        var former = ReadLease(db);
        if (former is { InForce: true } && former.NodeId != nodeId && !takeOver)
            throw SystemTables.InService(db.Side, former);
        var lease = new Lease(Math.Max(former?.Epoch ?? 0, usedEpoch) + 1, nodeId, nodeName, InForce: true);
        using var update = db.Prepare("UPDATE main.loggercms_lease SET epoch = ?1, node_id = ?2, holder = ?3, expires_us = ?4");
        update.Bind(1, lease.Epoch).Bind(2, nodeId.ToString("D")).Bind(3, nodeName).Bind(4, SystemTables.Never).Run();
        using var insert = db.Prepare(
            "INSERT INTO main.loggercms_epoch (epoch, node_id, holder, last_key) SELECT ?1, ?2, ?3, update_key_end FROM main.loggercms_system");
        insert.Bind(1, lease.Epoch).Bind(2, nodeId.ToString("D")).Bind(3, nodeName).Run();
        var identity = Guid.Parse(db.ScalarText("SELECT identity FROM main.loggercms_system")!);
        return (lease, new Tenure(lease.Epoch, nodeId, identity, db.ScalarInt64("SELECT update_key_end FROM main.loggercms_system")));
    }

    public static void ReleaseLease(SqliteDb db, Tenure tenure) => SetLease(db, "expires_us = 0", tenure);

    /// <summary>The first statement of every write: a node whose epoch was taken over, or that has come upon another system or an earlier state, goes no further.</summary>
    public static void HoldEpoch(SqliteDb db, Tenure tenure)
    {
        SetLease(db, "epoch = ?1", tenure);
        if (db.Changes != 1)
            throw SystemTables.EpochLost(db.Side, tenure.Epoch);
        using var last = db.Prepare("SELECT last_key FROM main.loggercms_epoch WHERE epoch = ?1");
        tenure.Check(db.Side, last.Bind(1, tenure.Epoch).Step() ? last.Int64(0) : 0);
    }

    private static void SetLease(SqliteDb db, string set, Tenure tenure)
    {
        using var update = db.Prepare(
            $"UPDATE main.loggercms_lease SET {set} WHERE epoch = ?1 AND node_id = ?2 AND EXISTS (SELECT 1 FROM main.loggercms_system WHERE identity = ?3)");
        update.Bind(1, tenure.Epoch).Bind(2, tenure.NodeId.ToString("D")).Bind(3, tenure.Identity.ToString("D")).Run();
    }

    public static void Reserve(SqliteDb db, long objectIdEnd, long updateKeyEnd)
    {
        using var update = db.Prepare(
            "UPDATE main.loggercms_system SET object_id_end = max(object_id_end, ?1), update_key_end = max(update_key_end, ?2)");
        update.Bind(1, objectIdEnd).Bind(2, updateKeyEnd).Run();
    }
}
