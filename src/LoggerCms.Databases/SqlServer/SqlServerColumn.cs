using System.Data;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>How a value travels between the server and the canonical form.</summary>
internal enum ColumnForm : byte
{
    Boolean,
    Byte,
    Int16,
    Int32,
    Int64,
    Double,
    Single,
    Decimal,
    Money,
    Text,
    Binary,
    Guid,
    Date,
    Time,
    DateTime,
    DateTime2,
    DateTimeOffset,

    /// <summary>XML, as text with its white space.</summary>
    Xml,

    /// <summary>A CLR type, as 0x and the hexadecimal digits of its serialized bytes.</summary>
    Serialized,

    /// <summary>A type that cannot be read and written back exactly (sql_variant).</summary>
    Unsupported,
}

/// <summary>A column as the server declares it.</summary>
internal sealed record SqlServerColumn
{
    public required ColumnSchema Schema { get; init; }

    /// <summary>The base type's name in lower case.</summary>
    public required string TypeName { get; init; }

    public required ColumnForm Form { get; init; }

    /// <summary>Longest value in the declared type's unit (bytes, or UTF-16 units of the n-types); null where not limited.</summary>
    public int? Length { get; init; }

    public string? Collation { get; init; }

    /// <summary>The code page of a column that does not hold Unicode; 65001 for a UTF-8 collation.</summary>
    public int CodePage { get; init; }

    public bool IsFixedLength => TypeName is "char" or "nchar" or "binary";

    /// <summary>True for char, varchar and text.</summary>
    public bool HasCodePage => TypeName is "char" or "varchar" or "text";

    /// <summary>What to select, so that the client sees the value as <see cref="Form"/> reads it.</summary>
    public string Read(string column) => Form switch
    {
        // The server converts from the code page: it alone knows what its own bytes mean.
        ColumnForm.Text when HasCodePage && Length is > 0 and <= 4000 => $"CAST({column} AS nvarchar({Length}))",
        ColumnForm.Text when TypeName == "sysname" => $"CAST({column} AS nvarchar({Length}))",
        ColumnForm.Text when HasCodePage || TypeName == "ntext" => $"CAST({column} AS nvarchar(max))",
        ColumnForm.Xml => $"CAST({column} AS nvarchar(max))",
        ColumnForm.Binary when TypeName == "image" => $"CAST({column} AS varbinary(max))",
        ColumnForm.Serialized => $"CAST({column} AS varbinary(max))",
        ColumnForm.Money => $"CAST({column} AS decimal({Schema.Precision},{Schema.Scale}))",
        _ => column,
    };

    /// <summary>What to write for a parameter, so that it has the column's type and an index on the column is of use.</summary>
    public string Write(string parameter, SqlServerDialect dialect) => Form switch
    {
        ColumnForm.Text when HasCodePage => $"CAST({dialect.Collate(parameter, Collation)} AS varchar({(Length is > 0 ? Length.Value : "max")}))",
        ColumnForm.Xml => dialect.ParseXml(parameter),
        ColumnForm.Serialized => $"CAST({parameter} AS {TypeName})",
        _ => parameter,
    };

    public SqlDbType ParameterType => Form switch
    {
        ColumnForm.Boolean => SqlDbType.Bit,
        ColumnForm.Byte => SqlDbType.TinyInt,
        ColumnForm.Int16 => SqlDbType.SmallInt,
        ColumnForm.Int32 => SqlDbType.Int,
        ColumnForm.Int64 => SqlDbType.BigInt,
        ColumnForm.Double => SqlDbType.Float,
        ColumnForm.Single => SqlDbType.Real,
        ColumnForm.Decimal => SqlDbType.Decimal,
        ColumnForm.Money => SqlDbType.Money,
        ColumnForm.Guid => SqlDbType.UniqueIdentifier,
        ColumnForm.Date => SqlDbType.Date,
        ColumnForm.Time => SqlDbType.Time,
        ColumnForm.DateTime => SqlDbType.DateTime,
        ColumnForm.DateTime2 => SqlDbType.DateTime2,
        ColumnForm.DateTimeOffset => SqlDbType.DateTimeOffset,
        ColumnForm.Binary or ColumnForm.Serialized => SqlDbType.VarBinary,
        _ => SqlDbType.NVarChar,
    };

    /// <summary>The expression that delivers a key column in its <see cref="KeyOrder"/>.</summary>
    /// <remarks>
    /// A uniqueidentifier sorts by its last six bytes first; its text is of fixed length and sorts as RFC 4122 bytes do.
    /// </remarks>
    public string Order(string column) => Form == ColumnForm.Guid ? $"CONVERT(char(36), {column})" : column;

    /// <summary>
    /// Equality of a key column with a value, byte for byte. The plain comparison comes first, because only that can use the index; it takes
    /// case, accents, trailing blanks, offsets and the sign of zero for equal where the type or the collation says so.
    /// </summary>
    public string Equal(string column, string value, SqlServerDialect dialect) => Form switch
    {
        ColumnForm.Text => $"{column} = {value} AND {column} COLLATE {SqlServerDialect.BinaryCollation} = {value} COLLATE {SqlServerDialect.BinaryCollation}"
            + $" AND DATALENGTH({column}) = DATALENGTH({value})",
        ColumnForm.Binary => $"{column} = {value} AND DATALENGTH({column}) = DATALENGTH({value})",
        ColumnForm.DateTimeOffset => $"{column} = {value} AND DATEPART(tz, {column}) = DATEPART(tz, {value})",
        ColumnForm.Double or ColumnForm.Single when !dialect.IsBabelfish
            => $"{column} = {value} AND CAST({column} AS binary({(Form == ColumnForm.Double ? 8 : 4)})) = CAST({value} AS binary({(Form == ColumnForm.Double ? 8 : 4)}))",
        _ => $"{column} = {value}",
    };

    /// <summary>Equality of any column with a parameter that is not NULL, byte for byte; for columns without an index.</summary>
    public string EqualExactly(string column, string parameter, SqlServerDialect dialect) => Form switch
    {
        ColumnForm.Text or ColumnForm.Xml =>
            $"{Read(column)} COLLATE {SqlServerDialect.BinaryCollation} = {parameter} COLLATE {SqlServerDialect.BinaryCollation}"
                + $" AND DATALENGTH({Read(column)}) = DATALENGTH({parameter})",
        ColumnForm.Binary or ColumnForm.Serialized => $"{Read(column)} = {parameter} AND DATALENGTH({Read(column)}) = DATALENGTH({parameter})",
        _ => Equal(column, parameter, dialect),
    };
}
