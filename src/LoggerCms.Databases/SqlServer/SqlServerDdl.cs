using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Statements that make a table as another SQL Server side declares it.</summary>
internal static class SqlServerDdl
{
    /// <summary>
    /// The table with its columns in scope, key and unique constraints. Foreign keys are left to the administrator: what they refer to may not be there yet.
    /// </summary>
    public static string CreateTable(TableSchema table, SideProvider madeFor, string side)
    {
        if (madeFor != SideProvider.SqlServer)
        {
            throw new LoggerCmsException(
                ErrorCodes.SchemaMismatch,
                $"Table '{table.Name}' is missing in '{side}' and cannot be made from the declaration of a {madeFor} database.",
                "Create the table by hand with corresponding types.",
                side);
        }

        var text = new StringBuilder();
        if (table.Name.Schema is { } schema)
        {
            text.Append("IF SCHEMA_ID(").Append(SqlServerDialect.Literal(schema)).Append(") IS NULL EXEC(")
                .Append(SqlServerDialect.Literal("CREATE SCHEMA " + SqlServerDialect.Quote(schema))).AppendLine(");");
        }

        text.Append("CREATE TABLE ").Append(SqlServerCatalog.Quote(table.Name)).AppendLine(" (");
        text.AppendJoin(",\n", table.Columns.Select(Column).Concat(Keys(table)));
        return text.AppendLine().Append(");").ToString();
    }

    private static string Column(ColumnSchema column)
        => $"    {SqlServerDialect.Quote(column.Name)} {column.DeclaredType}{(column.IsIdentity ? " IDENTITY(1,1)" : string.Empty)}"
            + (column.Nullable ? " NULL" : " NOT NULL");

    private static IEnumerable<string> Keys(TableSchema table)
    {
        if (table.HasKey)
            yield return $"    PRIMARY KEY ({List(table, table.Key)})";
        foreach (var unique in table.Uniques.Where(u => u.Count > 0))
            yield return $"    UNIQUE ({List(table, unique)})";
    }

    private static string List(TableSchema table, IEnumerable<int> columns)
        => string.Join(", ", columns.Select(i => SqlServerDialect.Quote(table.Columns[i].Name)));
}
