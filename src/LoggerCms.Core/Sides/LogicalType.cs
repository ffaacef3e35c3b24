namespace LoggerCms.Core.Sides;

/// <summary>What a column means, whatever the make of its database. Each driver maps its declared types to these.</summary>
public enum LogicalKind : byte
{
    /// <summary>A value of any kind (SQLite columns without a declared type).</summary>
    Any = 0,
    Boolean = 1,

    /// <summary>A signed 64-bit integer; smaller declared types are the same kind.</summary>
    Integer = 2,
    Double = 3,
    Single = 4,

    /// <summary>Decimal digits with their scale, of any length.</summary>
    Decimal = 5,
    Text = 6,
    Binary = 7,
    Guid = 8,
    Date = 9,
    Time = 10,

    /// <summary>Date and time without an offset.</summary>
    DateTime = 11,

    /// <summary>An instant with the offset that it was given in; a type that keeps none reads as offset 0.</summary>
    DateTimeOffset = 12,

    /// <summary>A type of one make, carried in that make's own text form; <see cref="LogicalType.NativeName"/> names it.</summary>
    Native = 13,
}

/// <summary>A column's logical type.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="NativeName">The make's type name, for <see cref="LogicalKind.Native"/> only.</param>
public sealed record LogicalType(LogicalKind Kind, string? NativeName = null)
{
    public override string ToString() => NativeName is null ? Kind.ToString() : $"Native({NativeName})";
}

/// <summary>
/// The order in which a driver can deliver a key column. Two streams merge only where both name the same order,
/// which is then also the order of <see cref="CanonicalOrder"/>; <see cref="None"/> makes rows pair by hash.
/// </summary>
public enum KeyOrder : byte
{
    None = 0,

    /// <summary>Signed integers ascending (Integer, Boolean, Date, Time).</summary>
    Integer = 1,

    /// <summary>Bytes of the UTF-8 form, unsigned.</summary>
    Utf8 = 2,

    /// <summary>UTF-16 code units, unsigned.</summary>
    Utf16 = 3,

    /// <summary>Bytes, unsigned, a shorter prefix first (Binary; Guid in RFC 4122 byte order).</summary>
    Bytes = 4,

    /// <summary>Decimals by value (scale ignored).</summary>
    Decimal = 5,

    /// <summary>DateTime by day and tick; DateTimeOffset by instant.</summary>
    Instant = 6,
}
