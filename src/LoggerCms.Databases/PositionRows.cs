using LoggerCms.Core.Sides;

namespace LoggerCms.Databases;

/// <summary>Makes a side's position of the rows of <c>loggercms_position</c>, the same on every make.</summary>
internal static class PositionRows
{
    /// <param name="origin">The side's own origin.</param>
    /// <param name="own">The own key, and that of an origin whose place it takes at the next write.</param>
    /// <param name="logged">Tables under the log.</param>
    /// <param name="received">The rows, but for the log's starts.</param>
    public static SidePosition Complete(
        string origin, Dictionary<string, long> own, IReadOnlyCollection<string> logged, IReadOnlyList<(string Table, string Origin, long Key)> received)
    {
        var tables = received.GroupBy(r => r.Table, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.ToDictionary(r => r.Origin, r => r.Key, StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var table in logged)
        {
            if (!tables.TryGetValue(table, out var keys))
                tables[table] = keys = new Dictionary<string, long>(StringComparer.Ordinal);
            foreach (var (name, key) in own)
                keys[name] = key;
        }

        var position = new SidePosition(origin, own) { Tables = tables.ToDictionary(t => t.Key, IReadOnlyDictionary<string, long> (t) => t.Value, StringComparer.Ordinal) };
        return position.Over(logged);
    }
}
