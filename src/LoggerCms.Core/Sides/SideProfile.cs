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

    /// <summary>The profile that given schemas were read with, so that a later catalog describes the same tables the same way.</summary>
    public static SideProfile Of(IReadOnlyList<TableSchema> tables) => new(
        [],
        tables.Where(t => t.SideLocalColumns.Count > 0).ToDictionary(t => t.Name.ToString(), t => t.SideLocalColumns),
        tables.Where(t => t is { RowFilter: not null, IsWhole: false }).ToDictionary(t => t.Name.ToString(), t => t.RowFilter!));
}
