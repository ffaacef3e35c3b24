using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Names in SQL text.</summary>
internal static class PgName
{
    public const string DefaultSchema = "public";

    /// <summary>What the names of LoggerCms's own tables begin with.</summary>
    public const string OwnPrefix = "loggercms_";

    public static string Quote(string name) => '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    public static string Quote(TableName table) => Quote(table.Schema ?? DefaultSchema) + "." + Quote(table.Name);

    public static string Quote(IEnumerable<string> names) => string.Join(", ", names.Select(Quote));

    /// <summary>A string constant, for the few places where SQL takes no parameter (utility statements, function bodies).</summary>
    public static string Literal(string text)
        => (text.Contains('\\', StringComparison.Ordinal) ? " E'" : "'")
            + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + "'";
}
