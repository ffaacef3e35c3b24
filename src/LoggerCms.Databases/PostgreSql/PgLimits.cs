using System.Globalization;
using System.Text.Unicode;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>What a column cannot hold exactly. The server would round, pad or cut some of it without a word.</summary>
internal static class PgLimits
{
    /// <summary>4713-01-01 BC and the day after 5874897-12-31, in days since 1970-01-01.</summary>
    private const int FirstDay = -2451545 + PgFields.EpochDays;
    private const int EndDay = 2145031949 + PgFields.EpochDays;

    /// <summary>The same for instants: 4714-11-24 BC and 294277-01-01.</summary>
    private const int FirstInstantDay = -2451545 + PgFields.EpochDays;
    private const int EndInstantDay = 106751983 + PgFields.EpochDays;

    private const long TicksPerDay = TimeSpan.TicksPerDay;

    /// <summary>True where values of this column's kind are cut, padded or rounded to the declared type on writing.</summary>
    public static bool IsLimited(PgColumn column)
        => column.Schema.MaxLength is not null || column.Schema.Precision is not null;

    /// <summary>Why the field does not fit, or null.</summary>
    public static string? Objection(CanonicalReader field, PgColumn column)
    {
        switch (column.Codec, field.Tag)
        {
            case (_, FieldTag.Null):
                return column.Schema.Nullable ? null : "the column is NOT NULL";
            case (PgCodec.Int2 or PgCodec.Int4 or PgCodec.Int8, FieldTag.Integer):
                var (least, greatest) = column.IntegerRange;
                return field.Int64 < least || field.Int64 > greatest ? Says($"{field.Int64} is beyond {column.Schema.DeclaredType}") : null;
            case (PgCodec.Text, FieldTag.Text):
                return Text(field.Payload, column);
            case (PgCodec.Numeric, FieldTag.Decimal):
                return Number(field.Payload, column);
            case (PgCodec.Date, FieldTag.Date):
                return field.Int32 is int.MaxValue or int.MinValue or (>= FirstDay and < EndDay) ? null : "the date is beyond what the type holds";
            case (PgCodec.Time, FieldTag.Time):
                return Clock(field.Int64, column) ?? (field.Int64 is < 0 or > TicksPerDay ? "the time is beyond 24:00" : null);
            case (PgCodec.Timestamp, FieldTag.DateTime):
                return Instant(field, column);
            case (PgCodec.TimestampTz, FieldTag.DateTimeOffset):
                return field.OffsetMinutes != 0 ? "timestamptz keeps no offset; only instants in UTC come back as they were" : Instant(field, column);
            case (PgCodec.Bool, FieldTag.Boolean) or (PgCodec.Float8, FieldTag.Double) or (PgCodec.Float4, FieldTag.Single)
                or (PgCodec.Bytea, FieldTag.Binary) or (PgCodec.Uuid, FieldTag.Guid) or (PgCodec.Native, FieldTag.Native):
                return null;
            default:
                return Says($"a value of kind {field.Tag} does not fit {column.Schema.DeclaredType}");
        }
    }

    private static string? Text(ReadOnlySpan<byte> utf8, PgColumn column)
    {
        if (utf8.Contains((byte)0))
            return "PostgreSQL's text cannot hold the character NUL";
        if (!Utf8.IsValid(utf8))
            return "the text is not valid UTF-8 (a lone surrogate or a broken sequence)";
        if (column.Schema.MaxLength is not { } limit)
            return null;
        var length = 0;
        foreach (var b in utf8)
            length += (b & 0xC0) == 0x80 ? 0 : 1;
        if (length > limit)
            return Says($"{length} characters are more than {limit}");
        return column.IsBlankPadded && length < limit ? Says($"{length} characters would be padded with blanks to {limit}") : null;
    }

    private static string? Number(ReadOnlySpan<byte> digits, PgColumn column)
    {
        if (digits[0] == (byte)'-')
            digits = digits[1..];
        var isNumber = digits[0] is >= (byte)'0' and <= (byte)'9';
        if (column.Schema.Precision is not { } precision)
        {
            var fractionDigits = digits.Length - 1 - digits.IndexOf((byte)'.');
            return isNumber && digits.Contains((byte)'.') && fractionDigits > 16383 ? "more than 16383 digits after the point" : null;
        }

        if (!isNumber)
            return digits[0] == (byte)'N' ? null : "a numeric with a precision cannot hold an infinity";
        var scale = column.Schema.Scale ?? 0;
        var point = digits.IndexOf((byte)'.');
        var whole = (point < 0 ? digits : digits[..point]).TrimStart((byte)'0');
        var fraction = point < 0 ? default : digits[(point + 1)..];
        if (fraction.Length != Math.Max(scale, 0))
            return Says($"{fraction.Length} digits after the point are not the {Math.Max(scale, 0)} that the column keeps");
        if (scale < 0 && whole.Length > 0 && (whole.Length < -scale || whole[(whole.Length + scale)..].ContainsAnyExcept((byte)'0')))
            return Says($"the last {-scale} digits before the point are rounded away");
        var significant = whole.Length > 0 ? whole.Length + scale : fraction.TrimStart((byte)'0').Length;
        return significant > precision ? Says($"more than {precision} digits") : null;
    }

    private static string? Instant(CanonicalReader field, PgColumn column)
    {
        var (days, ticks) = field.DateTime;
        if (days is int.MaxValue or int.MinValue)
            return null;
        return days is < FirstInstantDay or >= EndInstantDay ? "the instant is beyond what the type holds" : Clock(ticks, column);
    }

    private static string? Clock(long ticks, PgColumn column)
    {
        var kept = column.Schema.Precision ?? 6;
        var step = 10L;
        for (var i = kept; i < 6; i++)
            step *= 10;
        return ticks % step == 0 ? null : Says($"more than {kept} digits of a second");
    }

    private static string Says(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
