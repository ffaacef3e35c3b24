using System.Globalization;
using System.Text;

namespace LoggerCms.TestData;

/// <summary>Writes <see cref="ConfigData"/> as statements and files that MariaDB's own client loads.</summary>
public static class MariaDbData
{
    public static string CreateTable(DataTable table)
    {
        var columns = table.Columns.Select((c, i) => $"  {c.Name} {Type(c.Kind, i < table.Key)}{(c.Nullable ? string.Empty : " NOT NULL")}");
        return $"CREATE TABLE {table.Name} (\n{string.Join(",\n", columns)},\n  PRIMARY KEY ({string.Join(", ", table.KeyColumns.Select(c => c.Name))})\n" +
            ") ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;";
    }

    /// <summary>A statement that loads a file of <see cref="WriteRows"/>.</summary>
    public static string LoadFile(DataTable table, string path)
    {
        var columns = table.Columns.Select(c => c.Kind == DataKind.Binary ? "@" + c.Name : c.Name);
        var set = table.Columns.Where(c => c.Kind == DataKind.Binary).Select(c => $"{c.Name} = UNHEX(@{c.Name})");
        return $"LOAD DATA LOCAL INFILE '{path}' INTO TABLE {table.Name} CHARACTER SET utf8mb4 ({string.Join(", ", columns)}) SET {string.Join(", ", set)};";
    }

    /// <summary>Statements that make a side stale, except for its extra rows (<see cref="WriteRows"/> past the table's end).</summary>
    public static string MakeStale(DataTable table)
        => $"UPDATE {table.Name} SET note = 'changed here only' WHERE {ConfigData.ChangedCondition}; " +
            $"DELETE FROM {table.Name} WHERE {ConfigData.MissingCondition};";

    /// <summary>Writes rows in the form of LOAD DATA's defaults: tabs, line feeds, backslash escapes, \N for NULL, binary as hexadecimal.</summary>
    public static void WriteRows(DataTable table, long from, long count, string path, CancellationToken cancellationToken)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 20) { NewLine = "\n" };
        var values = new object?[table.Columns.Count];
        for (var index = from; index < from + count; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ConfigData.Fill(table, index, values);
            for (var i = 0; i < values.Length; i++)
            {
                if (i > 0)
                    writer.Write('\t');
                writer.Write(Text(values[i]));
            }

            writer.WriteLine();
        }
    }

    private static string Text(object? value) => value switch
    {
        null => @"\N",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        string text => text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\t", @"\t", StringComparison.Ordinal),
        byte[] bytes => Convert.ToHexString(bytes),
        Guid guid => guid.ToString("D"),
        DateTime time => time.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture),
        _ => throw new InvalidOperationException($"A generated row has a value of type {value.GetType()}."),
    };

    private static string Type(DataKind kind, bool key) => kind switch
    {
        DataKind.Integer => "BIGINT",
        DataKind.Text => key ? "VARCHAR(120)" : "TEXT",
        DataKind.Double => "DOUBLE",
        DataKind.Binary => "VARBINARY(64)",
        DataKind.Guid => "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin",
        DataKind.DateTime => "DATETIME(3)",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
