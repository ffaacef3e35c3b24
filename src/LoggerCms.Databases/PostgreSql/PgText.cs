using System.Globalization;
using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Canonical fields as the text that a type's input takes, for values that travel as parameters.</summary>
internal static class PgText
{
    private static readonly UTF8Encoding Strict = new(false, true);

    /// <summary>The text of the field that <paramref name="field"/> stands on, or null where the column cannot hold such a value.</summary>
    public static string? Format(CanonicalReader field, PgColumn column)
    {
        switch (column.Codec, field.Tag)
        {
            case (PgCodec.Bool, FieldTag.Boolean):
                return field.Boolean ? "t" : "f";
            case (PgCodec.Int2 or PgCodec.Int4 or PgCodec.Int8, FieldTag.Integer):
                var (least, greatest) = column.IntegerRange;
                return field.Int64 < least || field.Int64 > greatest ? null : field.Int64.ToString(CultureInfo.InvariantCulture);
            case (PgCodec.Float8, FieldTag.Double):
                return field.Double.ToString("R", CultureInfo.InvariantCulture);
            case (PgCodec.Float4, FieldTag.Single):
                return field.Single.ToString("R", CultureInfo.InvariantCulture);
            case (PgCodec.Numeric, FieldTag.Decimal):
                return Encoding.ASCII.GetString(field.Payload);
            case (PgCodec.Text, FieldTag.Text):
            case (PgCodec.Native, FieldTag.Native):
                return Decode(field.Payload);
            case (PgCodec.Bytea, FieldTag.Binary):
                return "\\x" + Convert.ToHexStringLower(field.Payload);
            case (PgCodec.Uuid, FieldTag.Guid):
                return Convert.ToHexStringLower(field.Payload);
            case (PgCodec.Date, FieldTag.Date):
                return Date(field.Int32, string.Empty);
            case (PgCodec.Time, FieldTag.Time):
                return field.Int64 % 10 == 0 ? Clock(field.Int64) : null;
            case (PgCodec.Timestamp, FieldTag.DateTime):
                return field.DateTime.Ticks % 10 == 0 ? Date(field.DateTime.Days, " " + Clock(field.DateTime.Ticks)) : null;
            case (PgCodec.TimestampTz, FieldTag.DateTimeOffset):
                return field.DateTime.Ticks % 10 == 0 && field.OffsetMinutes == 0
                    ? Date(field.DateTime.Days, " " + Clock(field.DateTime.Ticks) + "+00")
                    : null;
            default:
                return null;
        }
    }

    private static string? Decode(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Contains((byte)0))
            return null;
        try
        {
            return Strict.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string Clock(long ticks)
    {
        var (seconds, rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        return string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:D2}:{seconds / 60 % 60:D2}:{seconds % 60:D2}.{rest / 10:D6}");
    }

    /// <summary>A proleptic Gregorian date with the year before the era as PostgreSQL writes it.</summary>
    private static string Date(int days, string clock)
    {
        if (days == int.MaxValue)
            return "infinity";
        if (days == int.MinValue)
            return "-infinity";

        // Days from 0000-03-01, in eras of 400 years: years that begin in March put the leap day at the end.
        var z = days + 719468L;
        var era = (z >= 0 ? z : z - 146096) / 146097;
        var dayOfEra = z - (era * 146097);
        var yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36524) - (dayOfEra / 146096)) / 365;
        var dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        var march = ((5 * dayOfYear) + 2) / 153;
        var day = dayOfYear - (((153 * march) + 2) / 5) + 1;
        var month = march < 10 ? march + 3 : march - 9;
        var year = yearOfEra + (era * 400) + (month <= 2 ? 1 : 0);
        return year > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{year:D4}-{month:D2}-{day:D2}{clock}")
            : string.Create(CultureInfo.InvariantCulture, $"{1 - year:D4}-{month:D2}-{day:D2}{clock} BC");
    }
}
