using System.Text;
using LoggerCms.Core.Sides;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Rows of parameters as a derived table <c>s</c> of a statement.</summary>
internal static class SqlServerKeyChunk
{
    /// <summary>Below the server's limit of 2,100.</summary>
    private const int MaxParameters = 2000;

    /// <summary>The server compiles long lists slowly; more rows a statement gain nothing.</summary>
    private const int MaxRows = 400;

    /// <summary>Parts of <paramref name="count"/> rows with <paramref name="width"/> parameters each.</summary>
    public static IEnumerable<Range> Split(int count, int width)
    {
        var size = Math.Clamp(MaxParameters / Math.Max(width, 1), 1, MaxRows);
        for (var start = 0; start < count; start += size)
            yield return start..Math.Min(start + size, count);
    }

    /// <summary>Adds key rows as parameters; returns the derived table with the columns loggercms_k0, loggercms_k1 …</summary>
    public static string AddKeys(SqlCommand command, SqlServerTable table, RowBatch keys, Range rows, SqlServerDialect dialect)
        => Add(command, table, keys, rows, table.Schema.Key, KeyColumn, dialect);

    /// <summary>Adds whole rows as parameters; returns the derived table with the columns loggercms_c0, loggercms_c1 … in canonical order.</summary>
    public static string AddRows(SqlCommand command, SqlServerTable table, RowBatch batch, Range rows, SqlServerDialect dialect)
        => Add(command, table, batch, rows, [.. Enumerable.Range(0, table.Columns.Count)], RowColumn, dialect);

    /// <summary>The derived table's column for a place in the key.</summary>
    public static string KeyColumn(int place) => $"s.loggercms_k{place}";

    /// <summary>The derived table's column for a column of the table.</summary>
    public static string RowColumn(int column) => $"s.loggercms_c{column}";

    private static string Add(
        SqlCommand command, SqlServerTable table, RowBatch batch, Range rows, IReadOnlyList<int> columns, Func<int, string> name, SqlServerDialect dialect)
    {
        var text = new StringBuilder("(VALUES ");
        var number = 0;
        for (var r = rows.Start.Value; r < rows.End.Value; r++)
        {
            text.Append(r == rows.Start.Value ? "(" : ", (");
            var reader = new CanonicalReader(batch[r]);
            for (var c = 0; c < columns.Count; c++)
            {
                reader.Read();
                var column = table.Columns[columns[c]];
                var parameter = $"@p{number++}";
                command.Parameters.Add(SqlServerValues.Parameter(parameter, table, column, reader, dialect));
                text.Append(c == 0 ? string.Empty : ", ").Append(column.Write(parameter, dialect));
            }

            text.Append(')');
        }

        return text.Append(") s(").AppendJoin(", ", Enumerable.Range(0, columns.Count).Select(c => name(c)["s.".Length..])).Append(')').ToString();
    }
}
