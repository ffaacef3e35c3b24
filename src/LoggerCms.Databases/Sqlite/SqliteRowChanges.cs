using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Updates and deletes of single rows, found by the bytes of their keys.</summary>
internal static unsafe class SqliteRowChanges
{
    public static long Update(SqliteDb db, SqliteTable table, TableSchema schema, RowBatch rows)
    {
        var columns = table.Select(schema);
        var changed = Enumerable.Range(0, columns.Length).Where(i => !schema.Key.Contains(i)).ToArray();
        var condition = new SqliteKeyLookup(db, table, schema).Condition(columns.Length + 1);

        // A row of key columns alone has nothing to set; counting it needs a statement all the same.
        var sets = changed.Length == 0
            ? $"{columns[0].Quoted} = {columns[0].Quoted}"
            : string.Join(", ", changed.Select(i => $"{columns[i].Quoted} = ?{i + 1}"));
        using var update = db.Prepare($"UPDATE OR ABORT main.{table.Quoted} SET {sets}{SqliteSql.Where(condition, schema.RowFilter)}");
        var key = table.SelectKey(schema);
        using var keys = new RowBatch(1024);
        var total = 0L;
        fixed (byte* pinned = rows.Bytes)
        {
            for (var i = 0; i < rows.Count; i++)
            {
                keys.Clear();
                RowKeys.AppendKey(schema, rows[i], keys);
                fixed (byte* pinnedKey = keys.Bytes)
                {
                    SqliteRowWriter.BindStored(db, update.Handle, columns, rows[i], column => !schema.Key.Contains(column));
                    SqliteRowWriter.BindRow(db, update.Handle, columns.Length + 1, key, keys[0]);
                    if (Native.Step(update.Handle) != Native.Done)
                        throw Describe(db.Failure(), schema, rows[i]);
                    total += db.Changes;
                    update.Reset();
                }
            }
        }

        return total;
    }

    public static long Delete(SqliteDb db, SqliteTable table, TableSchema schema, RowBatch keys)
    {
        var lookup = new SqliteKeyLookup(db, table, schema);
        using var delete = db.Prepare($"DELETE FROM main.{table.Quoted}{SqliteSql.Where(lookup.Condition(), schema.RowFilter)}");
        var total = 0L;
        for (var i = 0; i < keys.Count; i++)
        {
            lookup.ForEachRow(delete, keys[i], static _ => { });
            total += db.Changes;
        }

        return total;
    }

    /// <summary>One scan for all rows of the batch: each wanted row takes the first one equal to it that is not taken yet.</summary>
    public static long DeleteRows(SqliteDb db, SqliteCatalog catalog, TableSchema schema, RowBatch rows)
    {
        var table = catalog.Find(schema, db);
        if (table.RowId is null || schema.Columns.Count >= db.MostColumns)
        {
            throw new LoggerCmsException(
                ErrorCodes.TableWithoutKey,
                $"Single rows of '{schema.Name}' cannot be reached: {(table.RowId is null ? "its columns hide every name of the row id" : "it has as many columns as SQLite can read, and none is left for the row id")}.",
                "Transfer the table with -Mode Full.",
                db.Side);
        }

        var wanted = new Dictionary<RowHash, int>();
        for (var i = 0; i < rows.Count; i++)
        {
            var hash = RowHash.Of(rows[i]);
            wanted[hash] = wanted.GetValueOrDefault(hash) + 1;
        }

        var found = FindRows(db, catalog, table, schema, wanted, rows.Count);
        using var delete = db.Prepare($"DELETE FROM main.{table.Quoted} WHERE {table.RowId} = ?1");
        foreach (var id in found)
            delete.Bind(1, id).Run();
        return found.Count;
    }

    /// <summary>A constraint's failure with the row that broke it.</summary>
    public static Exception Describe(Exception failure, TableSchema table, ReadOnlySpan<byte> row)
    {
        if (failure is not LoggerCmsException { Code: ErrorCodes.ConstraintViolated } typed)
            return failure;
        var where = "a row without a key";
        if (table.HasKey)
        {
            using var key = new RowBatch(256);
            RowKeys.AppendKey(table, row, key);
            where = "the row with key " + KeyText.Format(key[0]);
        }

        return new LoggerCmsException(typed.Code, $"{typed.Message} It is {where} of table '{table.Name}'.", typed.Remedy, typed.Side, typed.Phase, typed);
    }

    private static List<long> FindRows(
        SqliteDb db, SqliteCatalog catalog, SqliteTable table, TableSchema schema, Dictionary<RowHash, int> wanted, int left)
    {
        var columns = table.Select(schema);
        var reader = new SqliteRowReader(columns, catalog.IsUtf8);
        var found = new List<long>();
        using var row = new RowBatch();
        using var scan = db.Prepare($"SELECT {table.RowId}, {SqliteSql.List(columns)} FROM main.{table.Quoted}{SqliteSql.Filter(schema)}");
        while (left > 0 && scan.Step())
        {
            row.Clear();
            reader.Read(scan.Handle, row, first: 1);
            var hash = RowHash.Of(row[0]);
            if (!wanted.TryGetValue(hash, out var count) || count == 0)
                continue;
            wanted[hash] = count - 1;
            found.Add(scan.Int64(0));
            left--;
        }

        return found;
    }

    /// <summary>SHA-256 of a canonical row, as a key of dictionaries.</summary>
    private readonly record struct RowHash(Int128 High, Int128 Low)
    {
        public static RowHash Of(ReadOnlySpan<byte> row)
        {
            Span<byte> hash = stackalloc byte[RowKeys.HashSize];
            RowKeys.Hash(row, hash);
            return System.Runtime.InteropServices.MemoryMarshal.Read<RowHash>(hash);
        }
    }
}
