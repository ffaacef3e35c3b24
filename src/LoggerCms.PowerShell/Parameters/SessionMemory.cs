namespace LoggerCms.PowerShell.Parameters;

/// <summary>What this session's cmdlets have seen, so that completion never has to ask a database or a disk.</summary>
internal static class SessionMemory
{
    private static readonly Lock Gate = new();
    private static readonly SortedSet<string> s_tables = new(StringComparer.OrdinalIgnoreCase);
    private static readonly Dictionary<Guid, string> s_transfers = [];
    private static readonly RecentWords s_paths = new();
    private static readonly RecentWords s_kinds = new();
    private static readonly RecentWords s_users = new();
    private static readonly RecentWords s_groups = new();
    private static readonly SortedSet<string> s_nodes = new(StringComparer.Ordinal);

    public static void SawTables(IEnumerable<string> tables)
    {
        lock (Gate)
            s_tables.UnionWith(tables);
    }

    public static void SawTransfer(StateTransferResult transfer)
    {
        lock (Gate)
            s_transfers[transfer.Id] = $"{transfer.Status}: {transfer.Source} -> {transfer.Destination}";
    }

    public static void SawObject(string path, string kind)
    {
        s_paths.Add(path, kind);
        s_kinds.Add(kind, kind);
    }

    /// <param name="name">Of a user or group.</param>
    /// <param name="isGroup">Whether it is a group.</param>
    public static void SawPrincipal(string name, bool isGroup) => (isGroup ? s_groups : s_users).Add(name, isGroup ? "Group" : "User");

    /// <summary>Paths of objects, each with its kind.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Paths() => s_paths.List();

    public static IReadOnlyList<KeyValuePair<string, string>> Kinds() => s_kinds.List();

    public static IReadOnlyList<KeyValuePair<string, string>> Users() => s_users.List();

    public static IReadOnlyList<KeyValuePair<string, string>> Groups() => s_groups.List();

    public static void SawNode(string name)
    {
        lock (Gate)
            s_nodes.Add(name);
    }

    public static IReadOnlyList<string> Nodes()
    {
        lock (Gate)
            return [.. s_nodes];
    }

    public static IReadOnlyList<string> Tables()
    {
        lock (Gate)
            return [.. s_tables];
    }

    public static IReadOnlyList<KeyValuePair<Guid, string>> Transfers()
    {
        lock (Gate)
            return [.. s_transfers];
    }
}
