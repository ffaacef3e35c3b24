using System.Buffers;
using System.Text;
using System.Text.Unicode;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Whether a column holds a canonical field exactly. Asked before a transfer for a good message, and again for each value that is written.</summary>
internal static class SqlServerFit
{
    private const int EpochDays = 719162;
    private const int LastDay = 3652058;

    /// <summary>Null when the field fits, otherwise why it does not.</summary>
    public static string? Check(SqlServerColumn column, CanonicalReader field, SqlServerDialect dialect)
    {
        if (field.Tag == FieldTag.Null)
            return null;
        if (field.Tag != TagOf(column.Form))
            return $"a value of kind {field.Tag} does not go into a column of type {column.TypeName}";
        return column.Form switch
        {
            ColumnForm.Byte => Range(field.Int64, byte.MinValue, byte.MaxValue),
            ColumnForm.Int16 => Range(field.Int64, short.MinValue, short.MaxValue),
            ColumnForm.Int32 => Range(field.Int64, int.MinValue, int.MaxValue),
            ColumnForm.Double => double.IsFinite(field.Double) ? null : "it is not a finite number",
            ColumnForm.Single => float.IsFinite(field.Single) ? null : "it is not a finite number",
            ColumnForm.Decimal => CheckDecimal(column, field.Payload),
            ColumnForm.Money => CheckMoney(column, field.Payload),
            ColumnForm.Text => CheckText(column, field.Payload, dialect),
            ColumnForm.Xml => Utf8.IsValid(field.Payload) ? null : "it is not Unicode text",
            ColumnForm.Binary => CheckLength(column, field.Payload.Length, "bytes"),
            ColumnForm.Date => CheckDay(field.Int32, 0, LastDay),
            ColumnForm.Time => CheckTicks(column, field.Int64),
            ColumnForm.DateTime2 => CheckDay(field.DateTime.Days, 0, LastDay) ?? CheckTicks(column, field.DateTime.Ticks),
            ColumnForm.DateTime => column.TypeName == "smalldatetime" ? CheckSmall(field) : CheckDateTime(field),
            ColumnForm.DateTimeOffset => CheckOffset(column, field),
            _ => null,
        };
    }

    /// <summary>True where every value of the kind fits, so that nothing has to be looked at.</summary>
    public static bool IsTotal(SqlServerColumn column) => column.Form is ColumnForm.Boolean or ColumnForm.Int64 or ColumnForm.Guid;

    private static FieldTag TagOf(ColumnForm form) => form switch
    {
        ColumnForm.Boolean => FieldTag.Boolean,
        ColumnForm.Byte or ColumnForm.Int16 or ColumnForm.Int32 or ColumnForm.Int64 => FieldTag.Integer,
        ColumnForm.Double => FieldTag.Double,
        ColumnForm.Single => FieldTag.Single,
        ColumnForm.Decimal or ColumnForm.Money => FieldTag.Decimal,
        ColumnForm.Text => FieldTag.Text,
        ColumnForm.Binary => FieldTag.Binary,
        ColumnForm.Guid => FieldTag.Guid,
        ColumnForm.Date => FieldTag.Date,
        ColumnForm.Time => FieldTag.Time,
        ColumnForm.DateTime or ColumnForm.DateTime2 => FieldTag.DateTime,
        ColumnForm.DateTimeOffset => FieldTag.DateTimeOffset,
        _ => FieldTag.Native,
    };

    private static string? Range(long value, long from, long to)
        => value >= from && value <= to ? null : FormattableString.Invariant($"{value} is not between {from} and {to}");

    /// <summary>The scale is part of the value, so one that the column would change does not fit.</summary>
    private static string? CheckDecimal(SqlServerColumn column, ReadOnlySpan<byte> payload)
    {
        if (Digits(payload) is not var (whole, fraction))
            return "it is not a finite number";
        if (fraction != column.Schema.Scale)
            return $"it has {fraction} digits after the point, and the column keeps {column.Schema.Scale}";
        return whole > column.Schema.Precision - column.Schema.Scale
            ? $"it has {whole} digits before the point, and the column has room for {column.Schema.Precision - column.Schema.Scale}"
            : null;
    }

    private static string? CheckMoney(SqlServerColumn column, ReadOnlySpan<byte> payload)
    {
        if (CheckDecimal(column, payload) is { } reason)
            return reason;
        var limit = column.TypeName == "smallmoney" ? int.MaxValue : long.MaxValue;
        var value = decimal.Parse(Encoding.ASCII.GetString(payload), System.Globalization.CultureInfo.InvariantCulture) * 10000;
        return value <= limit && value >= -(decimal)limit - 1 ? null : $"it is out of the range of {column.TypeName}";
    }

    private static (int Whole, int Fraction)? Digits(ReadOnlySpan<byte> payload)
    {
        if (payload.StartsWith("-"u8))
            payload = payload[1..];
        if (payload.IsEmpty || !char.IsAsciiDigit((char)payload[0]))
            return null;
        var point = payload.IndexOf((byte)'.');
        var whole = point < 0 ? payload : payload[..point];
        return (whole is [(byte)'0'] ? 0 : whole.Length, point < 0 ? 0 : payload.Length - point - 1);
    }

    private static string? CheckText(SqlServerColumn column, ReadOnlySpan<byte> payload, SqlServerDialect dialect)
    {
        if (dialect.IsBabelfish && (payload.Contains((byte)0) || !Utf8.IsValid(payload)))
            return "the server stores neither NUL nor half a surrogate pair in text";
        if (column.HasCodePage)
            return CheckCodePage(column, payload);

        // A character takes at most as many UTF-16 units as UTF-8 bytes, so most values need no count.
        if (column.Length is not { } length || (payload.Length <= length && !column.IsFixedLength))
            return null;
        return Wtf8.Decode(payload) is { } text ? CheckLength(column, text.Length, "UTF-16 units") : "it is not Unicode text";
    }

    private static string? CheckCodePage(SqlServerColumn column, ReadOnlySpan<byte> payload)
    {
        if (Ascii.IsValid(payload))
            return CheckLength(column, payload.Length, "bytes");
        if (!Utf8.IsValid(payload))
            return "it is not Unicode text";
        var chars = ArrayPool<char>.Shared.Rent(payload.Length);
        try
        {
            var count = Encoding.UTF8.GetChars(payload, chars);
            return CheckLength(column, SqlServerCodePages.Get(column.CodePage).GetByteCount(chars, 0, count), "bytes");
        }
        catch (EncoderFallbackException error)
        {
            return $"code page {column.CodePage} has no U+{(error.CharUnknownHigh == 0 ? error.CharUnknown : error.CharUnknownHigh):X4}";
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    private static string? CheckLength(SqlServerColumn column, int length, string unit)
    {
        if (column.Length is not { } limit || length == limit || (length < limit && !column.IsFixedLength))
            return null;
        return length > limit
            ? $"it has {length} {unit}, and the column holds {limit}"
            : $"it has {length} {unit}, and the column would fill it up to {limit}";
    }

    private static string? CheckDay(int days, int first, int last)
        => days > int.MaxValue - EpochDays || days + EpochDays < first || days + EpochDays > last ? "its date is out of the column's range" : null;

    private static string? CheckTicks(SqlServerColumn column, long ticks)
    {
        if (ticks is < 0 or >= TimeSpan.TicksPerDay)
            return "it is no time of a day";
        var step = (long)Math.Pow(10, 7 - (column.Schema.Scale ?? 7));
        return ticks % step == 0 ? null : $"it is finer than the {column.Schema.Scale} fractional digits that the column keeps";
    }

    private static string? CheckDateTime(CanonicalReader field)
    {
        var (days, ticks) = field.DateTime;
        if (CheckDay(days, 639905, LastDay) is { } reason)
            return reason;
        if (ticks is < 0 or >= TimeSpan.TicksPerDay)
            return "it is no time of a day";
        return ticks % TimeSpan.TicksPerMillisecond == 0 && ticks / TimeSpan.TicksPerMillisecond % 10 is 0 or 3 or 7
            ? null
            : "datetime keeps only milliseconds that end in 0, 3 or 7";
    }

    private static string? CheckSmall(CanonicalReader field)
    {
        var (days, ticks) = field.DateTime;
        if (CheckDay(days, 693595, 759130) is { } reason)
            return reason;
        return ticks is >= 0 and < TimeSpan.TicksPerDay && ticks % TimeSpan.TicksPerMinute == 0 ? null : "smalldatetime keeps only whole minutes";
    }

    private static string? CheckOffset(SqlServerColumn column, CanonicalReader field)
    {
        var (days, ticks) = field.DateTime;
        if ((CheckDay(days, 0, LastDay) ?? CheckTicks(column, ticks)) is { } reason)
            return reason;
        if (field.OffsetMinutes is < -840 or > 840)
            return "its offset is larger than 14 hours";
        var local = ((days + EpochDays) * TimeSpan.TicksPerDay) + ticks + (field.OffsetMinutes * TimeSpan.TicksPerMinute);
        return local >= 0 && local <= DateTime.MaxValue.Ticks ? null : "its local time is out of the years 1 to 9999";
    }
}
