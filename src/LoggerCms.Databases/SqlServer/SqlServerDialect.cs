namespace LoggerCms.Databases.SqlServer;

/// <summary>Where SQL Server and Babelfish need different words for the same.</summary>
/// <param name="IsBabelfish">True on Babelfish.</param>
/// <param name="DatabaseCollation">What a column has that declares no other.</param>
/// <param name="CodePages">The code pages of the collations that the database's columns have.</param>
internal sealed record SqlServerDialect(bool IsBabelfish, string DatabaseCollation, IReadOnlyDictionary<string, int> CodePages)
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

    /// <summary>
    /// A text as a field of a log key. SQL Server 2016 cannot turn its UTF-16 into UTF-8, so there the field is <c>u</c> and the hexadecimal bytes of
    /// UTF-16, which the log's reader turns into <see cref="Core.Sides.LogKey"/>'s own form; Babelfish stores UTF-8.
    /// </summary>
    public string TextInHex(string value) => IsBabelfish
        ? $"'t' + pg_catalog.encode(pg_catalog.convert_to({value}, 'UTF8'), 'hex')"
        : $"'u' + LOWER(CONVERT(varchar(8000), CAST({value} AS varbinary(8000)), 2))";

    public string BinaryInHex(string value) => IsBabelfish
        ? $"pg_catalog.encode(CAST({value} AS bytea), 'hex')"
        : $"LOWER(CONVERT(varchar(8000), CAST({value} AS varbinary(8000)), 2))";
}
