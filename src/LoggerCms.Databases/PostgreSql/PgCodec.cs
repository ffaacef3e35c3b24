namespace LoggerCms.Databases.PostgreSql;

/// <summary>How a column's binary COPY field converts to and from the canonical form.</summary>
internal enum PgCodec : byte
{
    Bool,
    Int2,
    Int4,
    Int8,
    Float4,
    Float8,
    Numeric,
    Text,
    Bytea,
    Uuid,
    Date,
    Time,
    Timestamp,
    TimestampTz,

    /// <summary>Read as <c>column::text</c>.</summary>
    Native,
}

/// <summary>How a native value gets back into its type by COPY.</summary>
internal enum PgNativeInput : byte
{
    /// <summary>The binary form is the text itself (json, enums).</summary>
    Text,

    /// <summary>The binary form is a version byte and the text.</summary>
    Jsonb,

    /// <summary>No binary form that could be written by hand: through a staging column of type text and a cast.</summary>
    Cast,
}
