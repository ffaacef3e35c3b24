using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Changes of the log's own tables inside a transaction.</summary>
internal sealed class SqlServerLogWriter(SqlServerSession session, string origin) : ISideLogWriter
{
    private string _origin = origin;

    private const string Writing = "writing the config message log";

    /// <summary>Seven parameters an entry, below the server's limit of 2,100.</summary>
    private const int EntriesPerStatement = 100;

    public async Task<SidePosition> GetPositionAsync(CancellationToken cancellationToken)
        => (await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false))?.Position ?? SidePosition.None;

    public async Task AppendAsync(IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var chunk in entries.Chunk(EntriesPerStatement))
        {
            // What came back to us from another side is there already.
            using var command = session.CreateCommand(
                $"INSERT INTO {SqlServerNames.Log} (origin, update_key, table_name, operation, row_key, at_us) SELECT s.o, s.k, s.t, s.op, s.r, s.a FROM (VALUES "
                + string.Join(", ", chunk.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"(@o{i}, @k{i}, @t{i}, @op{i}, @r{i}, @a{i})")))
                + $") s(o, k, t, op, r, a) WHERE NOT EXISTS (SELECT 1 FROM {SqlServerNames.Log} l WHERE l.origin = s.o AND l.update_key = s.k)");
            for (var i = 0; i < chunk.Length; i++)
            {
                var number = i.ToString(CultureInfo.InvariantCulture);
                command.Parameters.AddWithValue("@o" + number, chunk[i].Origin);
                command.Parameters.AddWithValue("@k" + number, chunk[i].UpdateKey);
                command.Parameters.AddWithValue("@t" + number, chunk[i].Table);
                command.Parameters.AddWithValue("@op" + number, ((char)chunk[i].Operation).ToString());
                command.Parameters.AddWithValue("@r" + number, chunk[i].Key);
                command.Parameters.AddWithValue("@a" + number, chunk[i].AtMicroseconds);
            }

            await session.RunAsync(command, command.ExecuteNonQuery, Writing, cancellationToken).ConfigureAwait(false);
        }

        foreach (var group in entries.Where(e => e.Origin != _origin).GroupBy(e => e.Origin, StringComparer.Ordinal))
        {
            // Without a start of its own the origin's part of the log is complete from the first entry that ever came.
            await RaiseAsync(string.Empty, group.Key, group.Min(e => e.UpdateKey), onlyWhereMissing: true, cancellationToken).ConfigureAwait(false);
            foreach (var table in group.GroupBy(e => e.Table, StringComparer.Ordinal))
                await RaiseAsync(table.Key, group.Key, table.Max(e => e.UpdateKey), onlyWhereMissing: false, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task SetPositionAsync(SidePosition position, IReadOnlyList<TableSchema> tables, bool cut, CancellationToken cancellationToken)
    {
        foreach (var table in tables.Select(t => t.Name.ToString()))
        {
            await ForgetAsync(table, cancellationToken).ConfigureAwait(false);
            foreach (var (from, key) in position.Keys.Where(p => p.Key != _origin))
                await SetAsync(table, from, key, cancellationToken).ConfigureAwait(false);
        }

        if (cut)
            await CutAsync(position, cancellationToken).ConfigureAwait(false);
    }

    public async Task RenewOriginAsync(CancellationToken cancellationToken)
    {
        await RenewAsync(cancellationToken).ConfigureAwait(false);

        // What follows may overwrite what the side itself numbered.
        await ForgetAsync(SidePosition.FormerOrigins, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Numbers from 1 on under another origin; what was numbered so far stays in the side.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken)
    {
        var last = await HoldKeyAsync(cancellationToken).ConfigureAwait(false);
        var meta = await SqlServerLogState.ReadMetaAsync(session, cancellationToken).ConfigureAwait(false);
        var state = await SqlServerLogState.ReadAsync(session, cancellationToken).ConfigureAwait(false);

        // What the old incarnation numbered is held in full, as if it had come from another side.
        foreach (var table in (state?.Tables ?? []).Append(SidePosition.FormerOrigins))
            await SetAsync(table, _origin, last, cancellationToken).ConfigureAwait(false);
        await BeginOriginAsync(NewOrigin(meta["side"]), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes an origin the side's own; its keys and its part of the log begin at 1.</summary>
    public async Task BeginOriginAsync(string own, CancellationToken cancellationToken)
    {
        _origin = own;
        await SetMetaAsync(session, "origin", own, cancellationToken).ConfigureAwait(false);
        await SetMetaAsync(session, "update_key", "0", cancellationToken).ConfigureAwait(false);
        await SetAsync(string.Empty, own, 1, cancellationToken).ConfigureAwait(false);
    }

    public static string NewOrigin(string sideName) => $"{sideName}/{Guid.NewGuid():n}";

    /// <summary>Forgets what a table received.</summary>
    public async Task ForgetAsync(string table, CancellationToken cancellationToken)
        => await session.ExecuteAsync(
            $"DELETE FROM {SqlServerNames.Position} WHERE table_name = @table", Writing, cancellationToken, ("@table", table)).ConfigureAwait(false);

    public static async Task SetMetaAsync(SqlServerSession session, string name, string value, CancellationToken cancellationToken)
        => await session.ExecuteAsync(
            $"UPDATE {SqlServerNames.Meta} SET value = @value WHERE name = @name; "
            + $"IF @@ROWCOUNT = 0 INSERT INTO {SqlServerNames.Meta} (name, value) VALUES (@name, @value)",
            Writing,
            cancellationToken,
            ("@name", name),
            ("@value", value)).ConfigureAwait(false);

    /// <summary>Sets one row of the positions; an empty table name stands for where the origin's part of the log begins.</summary>
    public async Task SetAsync(string table, string from, long key, CancellationToken cancellationToken)
        => await session.ExecuteAsync(
            $"UPDATE {SqlServerNames.Position} SET update_key = @key WHERE table_name = @table AND origin = @origin; "
            + $"IF @@ROWCOUNT = 0 INSERT INTO {SqlServerNames.Position} (table_name, origin, update_key) VALUES (@table, @origin, @key)",
            Writing,
            cancellationToken,
            ("@table", table),
            ("@origin", from),
            ("@key", key)).ConfigureAwait(false);

    /// <summary>The last update key, which writers of logged tables cannot move until this transaction ends.</summary>
    private async Task<long> HoldKeyAsync(CancellationToken cancellationToken)
    {
        var value = await session.ScalarAsync(
            $"UPDATE {SqlServerNames.Meta} SET value = value WHERE name = N'update_key'; "
            + $"SELECT value FROM {SqlServerNames.Meta} WHERE name = N'update_key'",
            Writing,
            cancellationToken).ConfigureAwait(false);
        return long.Parse((string)value!, CultureInfo.InvariantCulture);
    }

    private async Task RaiseAsync(string table, string from, long key, bool onlyWhereMissing, CancellationToken cancellationToken)
    {
        var held = await session.ScalarAsync(
            $"SELECT update_key FROM {SqlServerNames.Position} WHERE table_name = @table AND origin = @origin",
            Writing,
            cancellationToken,
            ("@table", table),
            ("@origin", from)).ConfigureAwait(false);
        if (held is null || (!onlyWhereMissing && (long)held < key))
            await SetAsync(table, from, key, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Empties the log and lets every origin's part begin after all that is held of it.</summary>
    private async Task CutAsync(SidePosition position, CancellationToken cancellationToken)
    {
        var own = await HoldKeyAsync(cancellationToken).ConfigureAwait(false);
        var held = await session.QueryAsync(
            $"SELECT origin, MAX(update_key) FROM {SqlServerNames.Log} GROUP BY origin UNION ALL "
            + $"SELECT origin, update_key - 1 FROM {SqlServerNames.Position} WHERE table_name = N''",
            r => (Origin: r.GetString(0), Key: r.GetInt64(1)),
            Writing,
            cancellationToken).ConfigureAwait(false);
        await session.ExecuteAsync($"DELETE FROM {SqlServerNames.Log}", Writing, cancellationToken).ConfigureAwait(false);
        foreach (var group in held.Concat(position.Keys.Select(p => (Origin: p.Key, Key: p.Value))).Append((Origin: _origin, Key: own)).GroupBy(h => h.Origin))
            await SetAsync(string.Empty, group.Key, group.Max(h => h.Key) + 1, cancellationToken).ConfigureAwait(false);
    }
}
