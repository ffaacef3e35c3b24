using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>The profile that given schemas were read with, so that a later catalog describes the same tables the same way.</summary>
internal static class PgProfiles
{
    public static SideProfile Of(IEnumerable<TableSchema> tables)
    {
        var all = tables.ToArray();
        return new SideProfile(
            [],
            all.Where(t => t.SideLocalColumns.Count > 0).ToDictionary(t => t.Name.ToString(), t => t.SideLocalColumns),
            all.Where(t => t.RowFilter is not null).ToDictionary(t => t.Name.ToString(), t => t.RowFilter!));
    }
}
