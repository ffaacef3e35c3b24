using System.Globalization;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>What SQLite does to a value that is stored in a column.</summary>
internal enum Affinity : byte
{
    /// <summary>Nothing: the value stays as it is (also ANY of a STRICT table).</summary>
    Blob,
    Text,
    Numeric,
    Integer,
    Real,
}

/// <summary>
/// How declared types read, by their name without brackets and without regard to case:
/// <list type="table">
/// <item>BOOL, BOOLEAN, BIT: Boolean (the integers 0 and 1).</item>
/// <item>DECIMAL, NUMERIC, DEC, NUMBER, MONEY: Decimal (integers and reals by their shortest digits, padded to the declared scale).</item>
/// <item>DECIMAL_TEXT: Decimal of any length (text in the canonical form of decimals).</item>
/// <item>GUID, UUID, UNIQUEIDENTIFIER: Guid (36 characters of text in lower case).</item>
/// <item>DATE: Date (text <c>yyyy-MM-dd</c>).</item>
/// <item>TIME: Time (text <c>HH:mm:ss</c> with up to seven digits behind a point, without trailing zeros).</item>
/// <item>DATETIME, DATETIME2, SMALLDATETIME, TIMESTAMP, TIMESTAMP WITHOUT TIME ZONE: DateTime (date, a blank, time).</item>
/// <item>DATETIMEOFFSET, TIMESTAMPTZ, TIMESTAMP WITH TIME ZONE: DateTimeOffset (as DateTime, then <c>+hh:mm</c> or <c>-hh:mm</c>).</item>
/// <item>FLOAT4: Single (reals that a single holds exactly).</item>
/// <item>BINARY, VARBINARY, BYTEA: Binary.</item>
/// <item>Any other by SQLite's own rules of affinity: INT in the name: Integer; CHAR, CLOB, TEXT: Text; BLOB: Binary;
/// REAL, FLOA, DOUB: Double; no type, or one that is not known: Any.</item>
/// </list>
/// A value that is not of that form (so that converting back would not give what is stored) keeps the tag of its storage class.
/// </summary>
internal static class SqliteTypes
{
    public static Affinity GetAffinity(string declared, bool strict)
    {
        var upper = declared.ToUpperInvariant();
        if (strict && upper == "ANY")
            return Affinity.Blob;
        if (upper.Contains("INT", StringComparison.Ordinal))
            return Affinity.Integer;
        if (ContainsAny(upper, "CHAR", "CLOB", "TEXT"))
            return Affinity.Text;
        if (upper.Length == 0 || upper.Contains("BLOB", StringComparison.Ordinal))
            return Affinity.Blob;
        return ContainsAny(upper, "REAL", "FLOA", "DOUB") ? Affinity.Real : Affinity.Numeric;
    }

    public static LogicalKind GetKind(string declared, bool strict)
    {
        var name = declared.ToUpperInvariant();
        var bracket = name.IndexOf('(', StringComparison.Ordinal);
        if (bracket >= 0)
        {
            // TIMESTAMP(6) WITH TIME ZONE has words behind the brackets.
            var end = name.IndexOf(')', bracket);
            name = name[..bracket] + (end < 0 ? string.Empty : name[(end + 1)..]);
        }

        switch (string.Join(' ', name.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            case "BOOL" or "BOOLEAN" or "BIT":
                return LogicalKind.Boolean;
            case "DECIMAL" or "NUMERIC" or "DEC" or "NUMBER" or "MONEY" or "DECIMAL_TEXT":
                return LogicalKind.Decimal;
            case "GUID" or "UUID" or "UNIQUEIDENTIFIER":
                return LogicalKind.Guid;
            case "DATE":
                return LogicalKind.Date;
            case "TIME":
                return LogicalKind.Time;
            case "DATETIME" or "DATETIME2" or "SMALLDATETIME" or "TIMESTAMP" or "TIMESTAMP WITHOUT TIME ZONE":
                return LogicalKind.DateTime;
            case "DATETIMEOFFSET" or "TIMESTAMPTZ" or "TIMESTAMP WITH TIME ZONE":
                return LogicalKind.DateTimeOffset;
            case "FLOAT4":
                return LogicalKind.Single;
            case "BINARY" or "VARBINARY" or "BYTEA":
                return LogicalKind.Binary;
        }

        return GetAffinity(declared, strict) switch
        {
            Affinity.Integer => LogicalKind.Integer,
            Affinity.Text => LogicalKind.Text,
            Affinity.Real => LogicalKind.Double,
            Affinity.Blob when declared.Contains("BLOB", StringComparison.OrdinalIgnoreCase) => LogicalKind.Binary,
            _ => LogicalKind.Any,
        };
    }

    /// <summary>Precision and scale of DECIMAL(p, s); null where none is declared.</summary>
    public static (int? Precision, int? Scale) GetDigits(string declared)
    {
        var open = declared.IndexOf('(', StringComparison.Ordinal);
        var close = declared.IndexOf(')', StringComparison.Ordinal);
        if (open < 0 || close < open)
            return (null, null);
        var parts = declared[(open + 1)..close].Split(',');
        int? precision = int.TryParse(parts[0], CultureInfo.InvariantCulture, out var p) ? p : null;
        if (parts.Length == 1)
            return (precision, precision is null ? null : 0);
        return (precision, int.TryParse(parts[1], CultureInfo.InvariantCulture, out var s) && s is >= 0 and <= 100 ? s : null);
    }

    /// <summary>
    /// The order in which <c>ORDER BY column COLLATE BINARY</c> delivers values of this kind. Values of another form can break it;
    /// whoever reads in order notices that.
    /// </summary>
    public static KeyOrder GetKeyOrder(LogicalKind kind, Affinity affinity, bool utf8) => kind switch
    {
        LogicalKind.Integer or LogicalKind.Boolean => KeyOrder.Integer,
        LogicalKind.Date or LogicalKind.Time when utf8 => KeyOrder.Integer,
        LogicalKind.DateTime when utf8 => KeyOrder.Instant,
        LogicalKind.Text when utf8 => KeyOrder.Utf8,
        LogicalKind.Guid when utf8 => KeyOrder.Bytes,
        LogicalKind.Binary => KeyOrder.Bytes,
        LogicalKind.Decimal when affinity != Affinity.Text => KeyOrder.Decimal,
        _ => KeyOrder.None,
    };

    private static bool ContainsAny(string text, params ReadOnlySpan<string> parts)
    {
        foreach (var part in parts)
        {
            if (text.Contains(part, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
