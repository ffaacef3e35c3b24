namespace LoggerCms.Databases.SqlServer;

/// <summary>Where SQL Server and Babelfish need different words for the same.</summary>
internal sealed record SqlServerDialect(bool IsBabelfish, string DatabaseCollation)
{
    /// <summary>Compares code points, trailing blanks aside; both servers have it.</summary>
    public const string BinaryCollation = "Latin1_General_100_BIN2";

    /// <summary>A name as T-SQL quotes it.</summary>
    public static string Quote(string name) => "[" + name.Replace("]", "]]", StringComparison.Ordinal) + "]";

    /// <summary>A text as a Unicode literal.</summary>
    public static string Literal(string text) => "N'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>The value with the column's collation, which decides into which code page it is cast.</summary>
    public string Collate(string value, string? collation)
        => IsBabelfish || collation is null ? value : $"{value} COLLATE {collation}";

    /// <summary>Text to xml, white space kept.</summary>
    public string ParseXml(string value) => IsBabelfish ? $"CAST({value} AS xml)" : $"CONVERT(xml, {value}, 1)";
}
