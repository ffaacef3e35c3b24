namespace LoggerCms.Core.Sides;

/// <summary>What a side keeps for itself beyond LoggerCms's own tables.</summary>
/// <param name="Tables">Side-local tables, by wildcard.</param>
/// <param name="Columns">Side-local columns by table.</param>
/// <param name="RowFilters">SQL conditions by table that pick the rows in scope.</param>
public sealed record SideProfile(
    IReadOnlyList<string> Tables,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Columns,
    IReadOnlyDictionary<string, string> RowFilters)
{
    public static SideProfile Empty { get; } = new([], new Dictionary<string, IReadOnlyList<string>>(), new Dictionary<string, string>());
}
