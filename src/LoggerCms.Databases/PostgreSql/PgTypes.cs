using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>A row of pg_type, as far as the mapping needs it.</summary>
internal sealed record PgTypeRow(uint Oid, string Schema, string Name, string Kind, uint BaseOid, int BaseModifier, bool NotNull, string Formatted);

/// <summary>
/// Declared types and their logical types. Whatever is not in this table is <see cref="LogicalKind.Native"/> under its type name
/// and is carried in PostgreSQL's own text form. A domain is its base type.
/// <list type="table">
/// <item>boolean: Boolean. smallint, integer, bigint: Integer. real: Single. double precision: Double. numeric: Decimal.</item>
/// <item>text, varchar, char(n), citext: Text. bytea: Binary. uuid: Guid.</item>
/// <item>date: Date. time: Time. timestamp: DateTime. timestamptz: DateTimeOffset with offset 0.</item>
/// </list>
/// </summary>
internal static class PgTypes
{
    public static (PgCodec Codec, LogicalKind Kind) Map(PgTypeRow type)
    {
        if (type is { Name: "citext", Kind: "b" })
            return (PgCodec.Text, LogicalKind.Text);
        if (type.Schema != "pg_catalog")
            return (PgCodec.Native, LogicalKind.Native);
        return type.Name switch
        {
            "bool" => (PgCodec.Bool, LogicalKind.Boolean),
            "int2" => (PgCodec.Int2, LogicalKind.Integer),
            "int4" => (PgCodec.Int4, LogicalKind.Integer),
            "int8" => (PgCodec.Int8, LogicalKind.Integer),
            "float4" => (PgCodec.Float4, LogicalKind.Single),
            "float8" => (PgCodec.Float8, LogicalKind.Double),
            "numeric" => (PgCodec.Numeric, LogicalKind.Decimal),
            "text" or "varchar" or "bpchar" => (PgCodec.Text, LogicalKind.Text),
            "bytea" => (PgCodec.Bytea, LogicalKind.Binary),
            "uuid" => (PgCodec.Uuid, LogicalKind.Guid),
            "date" => (PgCodec.Date, LogicalKind.Date),
            "time" => (PgCodec.Time, LogicalKind.Time),
            "timestamp" => (PgCodec.Timestamp, LogicalKind.DateTime),
            "timestamptz" => (PgCodec.TimestampTz, LogicalKind.DateTimeOffset),
            _ => (PgCodec.Native, LogicalKind.Native),
        };
    }

    public static PgNativeInput NativeInput(PgTypeRow type) => type switch
    {
        { Kind: "e" } => PgNativeInput.Text,
        { Schema: "pg_catalog", Name: "json" } => PgNativeInput.Text,
        { Schema: "pg_catalog", Name: "jsonb" } => PgNativeInput.Jsonb,
        _ => PgNativeInput.Cast,
    };

    /// <summary>The order in which a key column of this kind can be delivered.</summary>
    public static KeyOrder Order(PgCodec codec, bool isUtf8) => codec switch
    {
        PgCodec.Bool or PgCodec.Int2 or PgCodec.Int4 or PgCodec.Int8 or PgCodec.Date or PgCodec.Time => KeyOrder.Integer,
        PgCodec.Text when isUtf8 => KeyOrder.Utf8,
        PgCodec.Bytea or PgCodec.Uuid => KeyOrder.Bytes,
        PgCodec.Numeric => KeyOrder.Decimal,
        PgCodec.Timestamp or PgCodec.TimestampTz => KeyOrder.Instant,
        _ => KeyOrder.None,
    };

    /// <summary>Length, precision and scale from a type modifier; -1 is none.</summary>
    public static (int? MaxLength, int? Precision, int? Scale) Limits(string typeName, PgCodec codec, int modifier)
    {
        if (modifier < 0)
            return default;
        return codec switch
        {
            PgCodec.Text when typeName is "varchar" or "bpchar" => (modifier - 4, null, null),
            PgCodec.Numeric => (null, (modifier - 4) >> 16 & 0xFFFF, ((modifier - 4 & 0x7FF) ^ 0x400) - 0x400),
            PgCodec.Time or PgCodec.Timestamp or PgCodec.TimestampTz => (null, modifier, null),
            _ => default,
        };
    }
}
