using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>The declared types of SQL Server and what they mean.</summary>
/// <remarks>
/// <list type="table">
/// <item>bit: Boolean. tinyint, smallint, int, bigint: Integer. float: Double. real: Single. decimal, numeric, money, smallmoney: Decimal.</item>
/// <item>char, varchar, nchar, nvarchar, text, ntext: Text. binary, varbinary, image: Binary. uniqueidentifier: Guid.</item>
/// <item>date: Date. time: Time. smalldatetime, datetime, datetime2: DateTime (datetime by its milliseconds). datetimeoffset: DateTimeOffset.</item>
/// <item>xml: Native(xml), as text. hierarchyid, geometry, geography and other CLR types: Native, as 0x and hexadecimal digits.</item>
/// <item>sql_variant: Native(sql_variant); its rows cannot be read. rowversion and computed columns are left out.</item>
/// </list>
/// </remarks>
internal static class SqlServerTypes
{
    /// <summary>What the catalog says of a column.</summary>
    /// <param name="Name">The column.</param>
    /// <param name="TypeName">The base type, in lower case.</param>
    /// <param name="IsClrType">True for CLR types, hierarchyid and the spatial ones included.</param>
    /// <param name="MaxLength">In bytes; -1 for max.</param>
    /// <param name="Precision">Digits in all.</param>
    /// <param name="Scale">Digits after the point.</param>
    /// <param name="Collation">Null for a type that is no text.</param>
    /// <param name="Nullable">True when NULL is allowed.</param>
    /// <param name="IsIdentity">True for an identity column.</param>
    internal sealed record Declared(
        string Name, string TypeName, bool IsClrType, int MaxLength, byte Precision, byte Scale, string? Collation, bool Nullable, bool IsIdentity);

    public static SqlServerColumn Map(Declared declared, SqlServerDialect dialect)
    {
        var form = FormOf(declared);
        var length = LengthOf(declared);
        var (precision, scale) = form switch
        {
            ColumnForm.Decimal or ColumnForm.Money => ((int?)declared.Precision, (int?)declared.Scale),
            ColumnForm.Time or ColumnForm.DateTime2 or ColumnForm.DateTimeOffset => (null, declared.Scale),
            _ => (null, null),
        };
        var schema = new ColumnSchema(declared.Name, LogicalTypeOf(declared, form), declared.Nullable)
        {
            DeclaredType = DeclaredTypeOf(declared, length, dialect),
            KeyOrder = OrderOf(form),
            CollationIsBinary = IsBinary(form, declared.Collation),
            IsIdentity = declared.IsIdentity,
            MaxLength = form is ColumnForm.Text or ColumnForm.Binary ? length : null,
            Precision = precision,
            Scale = scale,
        };
        return new SqlServerColumn
        {
            Schema = schema,
            TypeName = declared.TypeName,
            Form = form,
            Length = length,
            Collation = declared.Collation,
            CodePage = declared.Collation is null ? 0 : dialect.CodePages.GetValueOrDefault(declared.Collation),
        };
    }

    /// <summary>What this driver knows of a column that it described before.</summary>
    public static SqlServerColumn FromSchema(ColumnSchema schema, SqlServerDialect dialect)
    {
        const string Collate = " COLLATE ";
        var at = schema.DeclaredType.IndexOf(Collate, StringComparison.Ordinal);
        var collation = at < 0 ? dialect.DatabaseCollation : schema.DeclaredType[(at + Collate.Length)..];
        var name = schema.DeclaredType.AsSpan();
        if (name.IndexOfAny('(', ' ') is >= 0 and var end)
            name = name[..end];
        var typeName = name.ToString();
        var isClr = schema.Type.Kind == LogicalKind.Native && typeName is not ("xml" or "sql_variant");
        return new SqlServerColumn
        {
            Schema = schema,
            TypeName = typeName,
            Form = FormOf(new Declared(schema.Name, typeName, isClr, 0, 0, 0, null, schema.Nullable, schema.IsIdentity)),
            Length = schema.MaxLength,
            Collation = collation,
            CodePage = dialect.CodePages.GetValueOrDefault(collation),
        };
    }

    private static ColumnForm FormOf(Declared declared) => declared.TypeName switch
    {
        _ when declared.IsClrType => ColumnForm.Serialized,
        "bit" => ColumnForm.Boolean,
        "tinyint" => ColumnForm.Byte,
        "smallint" => ColumnForm.Int16,
        "int" => ColumnForm.Int32,
        "bigint" => ColumnForm.Int64,
        "float" => ColumnForm.Double,
        "real" => ColumnForm.Single,
        "decimal" or "numeric" => ColumnForm.Decimal,
        "money" or "smallmoney" => ColumnForm.Money,
        "char" or "varchar" or "nchar" or "nvarchar" or "sysname" or "text" or "ntext" => ColumnForm.Text,
        "binary" or "varbinary" or "image" => ColumnForm.Binary,
        "uniqueidentifier" => ColumnForm.Guid,
        "date" => ColumnForm.Date,
        "time" => ColumnForm.Time,
        "datetime" or "smalldatetime" => ColumnForm.DateTime,
        "datetime2" => ColumnForm.DateTime2,
        "datetimeoffset" => ColumnForm.DateTimeOffset,
        "xml" => ColumnForm.Xml,
        _ => ColumnForm.Unsupported,
    };

    private static LogicalType LogicalTypeOf(Declared declared, ColumnForm form) => form switch
    {
        ColumnForm.Boolean => new(LogicalKind.Boolean),
        ColumnForm.Byte or ColumnForm.Int16 or ColumnForm.Int32 or ColumnForm.Int64 => new(LogicalKind.Integer),
        ColumnForm.Double => new(LogicalKind.Double),
        ColumnForm.Single => new(LogicalKind.Single),
        ColumnForm.Decimal or ColumnForm.Money => new(LogicalKind.Decimal),
        ColumnForm.Text => new(LogicalKind.Text),
        ColumnForm.Binary => new(LogicalKind.Binary),
        ColumnForm.Guid => new(LogicalKind.Guid),
        ColumnForm.Date => new(LogicalKind.Date),
        ColumnForm.Time => new(LogicalKind.Time),
        ColumnForm.DateTime or ColumnForm.DateTime2 => new(LogicalKind.DateTime),
        ColumnForm.DateTimeOffset => new(LogicalKind.DateTimeOffset),
        _ => new(LogicalKind.Native, declared.TypeName),
    };

    /// <summary>
    /// Only orders that are the canonical one for every value. Text and binary are not among them: the server compares them as if the shorter one
    /// were filled up with blanks or zeros, so that a control character or a zero byte sorts on the other side of the end.
    /// </summary>
    private static KeyOrder OrderOf(ColumnForm form) => form switch
    {
        ColumnForm.Boolean or ColumnForm.Byte or ColumnForm.Int16 or ColumnForm.Int32 or ColumnForm.Int64 => KeyOrder.Integer,
        ColumnForm.Date or ColumnForm.Time => KeyOrder.Integer,
        ColumnForm.Decimal or ColumnForm.Money => KeyOrder.Decimal,
        ColumnForm.DateTime or ColumnForm.DateTime2 => KeyOrder.Instant,
        ColumnForm.Guid => KeyOrder.Bytes,
        _ => KeyOrder.None,
    };

    /// <summary>
    /// Not even a BIN2 collation tells 'a' from 'a ', nor varbinary 0x01 from 0x0100, nor float 0 from -0, nor datetimeoffset two offsets of one instant.
    /// Fixed lengths are all filled up alike.
    /// </summary>
    private static bool IsBinary(ColumnForm form, string? collation) => form switch
    {
        ColumnForm.Text or ColumnForm.Binary or ColumnForm.Double or ColumnForm.Single or ColumnForm.DateTimeOffset => false,
        _ => collation is null || form is ColumnForm.Xml or ColumnForm.Unsupported,
    };

    private static int? LengthOf(Declared declared) => declared.TypeName switch
    {
        "char" or "varchar" or "binary" or "varbinary" => declared.MaxLength > 0 ? declared.MaxLength : null,
        "nchar" or "nvarchar" => declared.MaxLength > 0 ? declared.MaxLength / 2 : null,
        "sysname" => 128,
        _ => null,
    };

    private static string DeclaredTypeOf(Declared declared, int? length, SqlServerDialect dialect)
    {
        var name = declared.TypeName switch
        {
            "char" or "varchar" or "nchar" or "nvarchar" or "binary" or "varbinary"
                => $"{declared.TypeName}({length?.ToString(CultureInfo.InvariantCulture) ?? "max"})",
            "decimal" or "numeric" => $"{declared.TypeName}({declared.Precision},{declared.Scale})",
            "time" or "datetime2" or "datetimeoffset" => $"{declared.TypeName}({declared.Scale})",
            "float" => "float(53)",
            _ => declared.TypeName,
        };
        return declared.Collation is null || declared.Collation == dialect.DatabaseCollation || declared.TypeName is "sql_variant"
            ? name
            : $"{name} COLLATE {declared.Collation}";
    }
}
