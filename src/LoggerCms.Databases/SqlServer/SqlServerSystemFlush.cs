using System.Data;
using System.Globalization;
using LoggerCms.Core.RunTimeImage;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// Writes a batch inside a transaction that is open already. Objects are copied in bulk into the staging table, and go from there by one statement each
/// for what is there and what is new; local entries are few and go as parameters.
/// </summary>
internal static class SqlServerSystemFlush
{
    private const string Writing = "flushing";
    private const int LocalAtOnce = 500;

    /// <summary>
    /// A CUID may move from one object of the batch to another. SQL Server looks at its uniqueness at the end of a statement, Babelfish at every row:
    /// whoever has one that another is to have is given a stand-in first.
    /// </summary>
    private const string Park =
        $"""
        UPDATE o SET cuid = N'moves ' + CAST(o.id AS nvarchar(20)) + N' ' + CAST(NEWID() AS nvarchar(36))
        FROM {SqlServerSystemTables.Object} o JOIN {SqlServerSystemTables.Stage} s ON s.id = o.id
        WHERE o.cuid <> s.cuid AND EXISTS (SELECT 1 FROM {SqlServerSystemTables.Stage} t WHERE t.cuid = o.cuid AND t.id <> o.id)
        """;

    private const string Update =
        $"""
        UPDATE o SET cuid = s.cuid, kind = s.kind, parent_id = s.parent_id, name = s.name, owner_id = s.owner_id, version = s.version,
            update_key = s.update_key, created_us = s.created_us, modified_us = s.modified_us, access_list = s.access_list, properties = s.properties
        FROM {SqlServerSystemTables.Object} o JOIN {SqlServerSystemTables.Stage} s ON s.id = o.id
        """;

    private const string Insert =
        $"""
        INSERT INTO {SqlServerSystemTables.Object} ({SystemTables.ObjectColumns})
        SELECT {SystemTables.ObjectColumns} FROM {SqlServerSystemTables.Stage} s
        WHERE NOT EXISTS (SELECT 1 FROM {SqlServerSystemTables.Object} o WHERE o.id = s.id)
        """;

    private const string End =
        $"""
        UPDATE {SqlServerSystemTables.Epoch} SET last_key = CASE WHEN last_key < @key THEN @key ELSE last_key END WHERE epoch = @epoch;
        UPDATE {SqlServerSystemTables.System} SET last_update_key = CASE WHEN last_update_key < @key THEN @key ELSE last_update_key END,
            update_key_end = CASE WHEN update_key_end < @key THEN @key ELSE update_key_end END;
        """;

    public static async Task WriteAsync(
        SqlServerSession session, SqlServerDialect dialect, Tenure tenure, FlushBatch batch, CancellationToken cancellationToken)
    {
        await SqlServerSystemTables.HoldEpochAsync(session, tenure, cancellationToken).ConfigureAwait(false);
        await RemoveAsync(session, dialect, batch.Remove, cancellationToken).ConfigureAwait(false);
        await PutAsync(session, dialect, batch.Put, cancellationToken).ConfigureAwait(false);
        foreach (var keys in batch.RemoveLocal.GroupBy(k => k.Class))
            await RemoveLocalAsync(session, SystemTables.Of(keys.Key), [.. keys.Select(k => k.Id)], cancellationToken).ConfigureAwait(false);
        foreach (var entries in batch.PutLocal.GroupBy(e => e.Key.Class))
            await PutLocalAsync(session, SystemTables.Of(entries.Key), [.. entries], cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            End, Writing, cancellationToken, ("@key", batch.LastUpdateKey), ("@epoch", batch.Epoch)).ConfigureAwait(false);
    }

    public static async Task ReplaceAsync(
        SqlServerSession session, SqlServerDialect dialect, Tenure tenure, SystemContent content, CancellationToken cancellationToken)
    {
        await SqlServerSystemTables.HoldEpochAsync(session, tenure, cancellationToken).ConfigureAwait(false);
        string[] tables = [SqlServerSystemTables.Object, $"[dbo].[{SystemTables.Token}]", $"[dbo].[{SystemTables.Request}]"];
        foreach (var table in tables)
            await session.ExecuteAsync($"DELETE FROM {table}", Writing, cancellationToken).ConfigureAwait(false);
        using var rows = Table();
        foreach (var part in FlushParts.Of(content.Objects))
        {
            await StageAsync(session, part, rows, cancellationToken).ConfigureAwait(false);
            await session.ExecuteAsync(Insert, Writing, cancellationToken).ConfigureAwait(false);
            await ClearStageAsync(session, dialect, cancellationToken).ConfigureAwait(false);
        }

        foreach (var entries in content.Local.GroupBy(e => e.Key.Class))
            await PutLocalAsync(session, SystemTables.Of(entries.Key), [.. entries], cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            End, Writing, cancellationToken, ("@key", content.LastUpdateKey), ("@epoch", content.Epoch)).ConfigureAwait(false);
        await session.ExecuteAsync(
            $"UPDATE {SqlServerSystemTables.System} SET [identity] = @identity", Writing, cancellationToken, ("@identity", content.Identity)).ConfigureAwait(false);
    }

    private static async Task RemoveAsync(SqlServerSession session, SqlServerDialect dialect, IReadOnlyList<long> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
            return;
        using var rows = new DataTable { Locale = CultureInfo.InvariantCulture };
        rows.Columns.Add("id", typeof(long));
        foreach (var id in ids.Distinct().Order())
            rows.Rows.Add(id);
        await StageAsync(session, rows, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(
            $"DELETE o FROM {SqlServerSystemTables.Object} o JOIN {SqlServerSystemTables.Stage} s ON s.id = o.id", Writing, cancellationToken).ConfigureAwait(false);
        await ClearStageAsync(session, dialect, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>In the order of ids, which is that of both tables' pages.</summary>
    private static async Task PutAsync(SqlServerSession session, SqlServerDialect dialect, IReadOnlyList<CmsObject> objects, CancellationToken cancellationToken)
    {
        if (objects.Count == 0)
            return;
        CmsObject[] sorted = [.. objects];
        Array.Sort(sorted, static (a, b) => a.Id.CompareTo(b.Id));
        using var rows = Table();
        foreach (var part in FlushParts.Of(sorted))
            await StageAsync(session, part, rows, cancellationToken).ConfigureAwait(false);

        // All of the batch at once, so that whoever gives a CUID away and whoever gets it are seen together.
        await session.ExecuteAsync(Park, Writing, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(Update, Writing, cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync(Insert, Writing, cancellationToken).ConfigureAwait(false);
        await ClearStageAsync(session, dialect, cancellationToken).ConfigureAwait(false);
    }

    private static async Task RemoveLocalAsync(SqlServerSession session, string table, Guid[] ids, CancellationToken cancellationToken)
    {
        foreach (var part in ids.Chunk(LocalAtOnce))
        {
            using var command = session.CreateCommand(string.Empty);
            for (var i = 0; i < part.Length; i++)
                command.Parameters.Add(Name('i', i), SqlDbType.UniqueIdentifier).Value = part[i];
            command.CommandText = $"DELETE FROM [dbo].[{table}] WHERE id IN ({string.Join(", ", part.Select((_, i) => Name('i', i)))})";
            await session.RunAsync(command, command.ExecuteNonQuery, Writing, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task PutLocalAsync(SqlServerSession session, string table, LocalEntry[] entries, CancellationToken cancellationToken)
    {
        await RemoveLocalAsync(session, table, [.. entries.Select(e => e.Key.Id)], cancellationToken).ConfigureAwait(false);
        foreach (var part in entries.Chunk(LocalAtOnce))
        {
            using var command = session.CreateCommand(string.Empty);
            for (var i = 0; i < part.Length; i++)
            {
                command.Parameters.Add(Name('i', i), SqlDbType.UniqueIdentifier).Value = part[i].Key.Id;
                command.Parameters.Add(Name('e', i), SqlDbType.BigInt).Value = part[i].ExpiresUs;
                command.Parameters.Add(Name('c', i), SqlDbType.VarBinary, -1).Value = part[i].Content;
            }

            command.CommandText = $"INSERT INTO [dbo].[{table}] (id, expires_us, content) VALUES "
                + string.Join(", ", part.Select((_, i) => $"({Name('i', i)}, {Name('e', i)}, {Name('c', i)})"));
            await session.RunAsync(command, command.ExecuteNonQuery, Writing, cancellationToken).ConfigureAwait(false);
        }
    }

    private static Task StageAsync(SqlServerSession session, List<CmsObject> part, DataTable rows, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        rows.Clear();
        foreach (var o in part)
        {
            rows.Rows.Add(
                o.Id, o.Cuid, o.Kind, o.ParentId, o.Name, o.OwnerId, o.Version, o.UpdateKey, o.CreatedUs, o.ModifiedUs, o.AccessList, o.Properties);
        }

        return StageAsync(session, rows, cancellationToken);
    }

    private static async Task StageAsync(SqlServerSession session, DataTable rows, CancellationToken cancellationToken)
    {
        using var copy = new SqlBulkCopy(session.Connection, SqlBulkCopyOptions.Default, session.Transaction)
        {
            DestinationTableName = SqlServerSystemTables.Stage,
            BulkCopyTimeout = 0,
        };
        foreach (DataColumn column in rows.Columns)
            copy.ColumnMappings.Add(column.ColumnName, column.ColumnName);
        using var stop = new CancellationTokenSource();
        await session.SettleAsync(CopyAsync(), stop.Cancel, Writing, cancellationToken).ConfigureAwait(false);

        async Task<bool> CopyAsync()
        {
            await copy.WriteToServerAsync(rows, stop.Token).ConfigureAwait(false);
            return true;
        }
    }

    /// <summary>
    /// On SQL Server at the price of a few pages. Babelfish takes no TRUNCATE in a transaction that copied more than one of its portions of 1,000 rows:
    /// each portion keeps the table's index open until the end.
    /// </summary>
    private static Task<long> ClearStageAsync(SqlServerSession session, SqlServerDialect dialect, CancellationToken cancellationToken)
        => session.ExecuteAsync($"{(dialect.IsBabelfish ? "DELETE FROM" : "TRUNCATE TABLE")} {SqlServerSystemTables.Stage}", Writing, cancellationToken);

    /// <summary>The columns of <see cref="SystemTables.ObjectColumns"/>.</summary>
    private static DataTable Table()
    {
        var table = new DataTable { Locale = CultureInfo.InvariantCulture };
        foreach (var name in SystemTables.ObjectColumns.Split(", "))
        {
            table.Columns.Add(name, name switch
            {
                "cuid" or "kind" or "name" => typeof(string),
                "version" => typeof(int),
                "access_list" or "properties" => typeof(byte[]),
                _ => typeof(long),
            });
        }

        return table;
    }

    private static string Name(char kind, int number) => string.Create(CultureInfo.InvariantCulture, $"@{kind}{number}");
}
