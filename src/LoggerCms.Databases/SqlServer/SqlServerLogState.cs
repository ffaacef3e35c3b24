using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>What the log's own tables say, read in one view.</summary>
/// <param name="Origin">The side's own origin.</param>
/// <param name="UpdateKey">The last update key of the own origin.</param>
/// <param name="Retention">How long entries are kept.</param>
/// <param name="Triggers">By the number of a table that has a trigger of the log, the name that it has in the entries; a table may have another one since.</param>
/// <param name="Position">The side's position.</param>
internal sealed record SqlServerLogState(
    string Origin, long UpdateKey, TimeSpan Retention, IReadOnlyDictionary<int, string> Triggers, SidePosition Position)
{
    private const string Reading = "reading the config message log's state";

    /// <summary>In the log's own tables, the name under which a table's entries stand; what follows is the number of the table.</summary>
    public const string TablePrefix = "table:";

    /// <summary>The same for <see cref="SqlServerLogTrigger.KeyMark"/>.</summary>
    public const string KeyPrefix = "key:";

    private const string TableQuery =
        "SELECT t.parent_id, m.value FROM " + SqlServerNames.Meta + " m JOIN sys.triggers t ON m.name = N'table:' + CAST(t.parent_id AS nvarchar(20)) "
        + "WHERE t.name LIKE 'loggercms[_]log[_]%'";

    /// <summary>Names of tables under the log.</summary>
    public IReadOnlyList<string> Tables { get; } = [.. Triggers.Values.Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The state as the session's view has it; null where no log is enabled.</summary>
    public static async Task<SqlServerLogState?> ReadAsync(SqlServerSession session, CancellationToken cancellationToken)
    {
        if (await session.ScalarAsync("SELECT OBJECT_ID(N'dbo.loggercms_meta', N'U')", Reading, cancellationToken).ConfigureAwait(false) is null)
            return null;
        var meta = await ReadMetaAsync(session, cancellationToken).ConfigureAwait(false);
        if (!meta.TryGetValue("origin", out var origin))
            return null;

        var triggers = (await session.QueryAsync(
            TableQuery,
            r => (Id: r.GetInt32(0), Name: r.GetString(1)),
            Reading,
            cancellationToken).ConfigureAwait(false)).ToDictionary(t => t.Id, t => t.Name);
        var positions = await session.QueryAsync(
            $"SELECT table_name, origin, update_key FROM {SqlServerNames.Position} WHERE table_name <> N''",
            r => (r.GetString(0), r.GetString(1), r.GetInt64(2)),
            Reading,
            cancellationToken).ConfigureAwait(false);
        var last = long.Parse(meta["update_key"], CultureInfo.InvariantCulture);
        return new SqlServerLogState(
            origin,
            last,
            TimeSpan.FromSeconds(double.Parse(meta["retention_seconds"], CultureInfo.InvariantCulture)),
            triggers,
            PositionRows.Complete(origin, new Dictionary<string, long>(StringComparer.Ordinal) { [origin] = last }, [.. triggers.Values.Distinct()], positions));
    }

    public static async Task<Dictionary<string, string>> ReadMetaAsync(SqlServerSession session, CancellationToken cancellationToken)
        => (await session.QueryAsync(
            $"SELECT name, value FROM {SqlServerNames.Meta}",
            r => (Name: r.GetString(0), Value: r.IsDBNull(1) ? string.Empty : r.GetString(1)),
            Reading,
            cancellationToken).ConfigureAwait(false)).ToDictionary(m => m.Name, m => m.Value, StringComparer.Ordinal);
}
