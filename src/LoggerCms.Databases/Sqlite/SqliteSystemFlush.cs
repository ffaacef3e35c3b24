using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Writes a batch inside a transaction that is open already.</summary>
internal static class SqliteSystemFlush
{
    private const string Upsert =
        $"""
        INSERT INTO main.cms_object ({SystemTables.ObjectColumns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (id) DO UPDATE SET cuid = excluded.cuid, kind = excluded.kind, parent_id = excluded.parent_id, name = excluded.name,
          owner_id = excluded.owner_id, version = excluded.version, update_key = excluded.update_key, created_us = excluded.created_us,
          modified_us = excluded.modified_us, access_list = excluded.access_list, properties = excluded.properties
        """;

    /// <summary>
    /// For an object that is there and keeps its CUID: an upsert would look the CUID up, take it out of its index and put it back, each somewhere else in
    /// the file than the row.
    /// </summary>
    private const string Update =
        """
        UPDATE main.cms_object SET kind = ?3, parent_id = ?4, name = ?5, owner_id = ?6, version = ?7, update_key = ?8, created_us = ?9, modified_us = ?10,
          access_list = ?11, properties = ?12 WHERE id = ?1 AND cuid = ?2
        """;

    public static void Write(SqliteDb db, Tenure tenure, FlushBatch batch, CancellationToken cancellationToken)
    {
        SqliteSystemTables.HoldEpoch(db, tenure);
        Remove(db, batch.Remove, cancellationToken);
        Put(db, batch.Put, cancellationToken);
        RemoveLocal(db, batch.RemoveLocal);
        PutLocal(db, batch.PutLocal);
        MoveEnds(db, batch.Epoch, batch.LastUpdateKey);
    }

    public static void Replace(SqliteDb db, Tenure tenure, SystemContent content, CancellationToken cancellationToken)
    {
        SqliteSystemTables.HoldEpoch(db, tenure);
        db.Execute("DELETE FROM main.cms_object; DELETE FROM main.loggercms_token; DELETE FROM main.loggercms_request");
        using (var writer = new SqliteObjectWriter(db, Upsert))
        {
            foreach (var o in content.Objects)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!writer.TryWrite(o))
                    throw db.Failure();
            }
        }

        PutLocal(db, content.Local);
        MoveEnds(db, content.Epoch, content.LastUpdateKey);
        using var become = db.Prepare("UPDATE main.loggercms_system SET identity = ?1");
        become.Bind(1, content.Identity.ToString("D")).Run();
    }

    private static void MoveEnds(SqliteDb db, long epoch, long lastUpdateKey)
    {
        using var end = db.Prepare("UPDATE main.loggercms_epoch SET last_key = max(last_key, ?2) WHERE epoch = ?1");
        end.Bind(1, epoch).Bind(2, lastUpdateKey).Run();
        using var last = db.Prepare(
            "UPDATE main.loggercms_system SET last_update_key = max(last_update_key, ?1), update_key_end = max(update_key_end, ?1)");
        last.Bind(1, lastUpdateKey).Run();
    }

    private static void Remove(SqliteDb db, IReadOnlyList<long> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
            return;
        long[] sorted = [.. ids];
        Array.Sort(sorted);
        using var delete = db.Prepare("DELETE FROM main.cms_object WHERE id = ?1");
        foreach (var id in sorted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            delete.Bind(1, id).Run();
        }
    }

    /// <summary>
    /// In the order of ids, which is that of the table's pages. A CUID may move from one object of the batch to another, and the unique index
    /// over it is checked at every row: whoever still has it is given a stand-in until its own row comes.
    /// </summary>
    private static void Put(SqliteDb db, IReadOnlyList<CmsObject> objects, CancellationToken cancellationToken)
    {
        if (objects.Count == 0)
            return;
        CmsObject[] sorted = [.. objects];
        Array.Sort(sorted, static (a, b) => a.Id.CompareTo(b.Id));
        var parked = new HashSet<long>();
        var lastId = db.ScalarInt64("SELECT coalesce(max(id), 0) FROM main.cms_object");
        using var updater = new SqliteObjectWriter(db, Update);
        using var writer = new SqliteObjectWriter(db, Upsert);
        foreach (var o in sorted)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (o.Id <= lastId && updater.TryWrite(o) && db.Changes == 1)
                continue;
            if (!writer.TryWrite(o))
            {
                Park(db, o, parked);
                if (!writer.TryWrite(o))
                    throw db.Failure();
            }

            if (parked.Count > 0)
                parked.Remove(o.Id);
        }

        if (parked.Count > 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.ConstraintViolated,
                $"Object {parked.Min()} of '{db.Side}' has a CUID that the batch gives to another object; nothing was written.",
                "Remove that object, or the one that was to have its CUID, with Remove-CmsObject: the flush after that writes all else.",
                db.Side);
        }
    }

    private static void Park(SqliteDb db, CmsObject wants, HashSet<long> parked)
    {
        using var find = db.Prepare("SELECT id FROM main.cms_object WHERE cuid = ?1");
        if (!find.Bind(1, wants.Cuid).Step())
            throw db.Failure(Native.Constraint);
        var id = find.Int64(0);
        find.Reset();
        using var park = db.Prepare("UPDATE main.cms_object SET cuid = ?2 WHERE id = ?1");
        park.Bind(1, id).Bind(2, $"{wants.Cuid} moves from {id} {Guid.NewGuid():N}").Run();
        parked.Add(id);
    }

    private static void RemoveLocal(SqliteDb db, IReadOnlyList<LocalKey> keys)
    {
        foreach (var group in keys.GroupBy(k => k.Class))
        {
            using var delete = db.Prepare($"DELETE FROM main.{SystemTables.Of(group.Key)} WHERE id = ?1");
            foreach (var key in group)
                delete.Bind(1, key.Id.ToByteArray(bigEndian: true)).Run();
        }
    }

    private static void PutLocal(SqliteDb db, IReadOnlyList<LocalEntry> entries)
    {
        foreach (var group in entries.GroupBy(e => e.Key.Class))
        {
            using var put = db.Prepare($"INSERT OR REPLACE INTO main.{SystemTables.Of(group.Key)} (id, expires_us, content) VALUES (?1, ?2, ?3)");
            foreach (var entry in group)
                put.Bind(1, entry.Key.Id.ToByteArray(bigEndian: true)).Bind(2, entry.ExpiresUs).Bind(3, entry.Content).Run();
        }
    }
}
