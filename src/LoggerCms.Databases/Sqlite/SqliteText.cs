using System.Buffers.Text;
using System.Globalization;

namespace LoggerCms.Databases.Sqlite;

/// <summary>The one text form that each logical type without a storage class of its own has in SQLite, in both directions.</summary>
internal static class SqliteText
{
    public const long TicksPerDay = TimeSpan.TicksPerDay;

    /// <summary>Room for the longest of these forms.</summary>
    public const int MaxLength = 40;

    private const int UnixEpochDay = 719162;

    public static bool TryReadGuid(ReadOnlySpan<byte> text, Span<byte> guid)
    {
        if (text.Length != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
            return false;
        var at = 0;
        for (var i = 0; i < 36; i += 2)
        {
            if (text[i] == '-')
                i++;
            int high = LowerHexDigit(text[i]), low = LowerHexDigit(text[i + 1]);
            if ((high | low) < 0)
                return false;
            guid[at++] = (byte)((high << 4) | low);
        }

        return true;
    }

    public static int WriteGuid(ReadOnlySpan<byte> guid, Span<byte> text)
    {
        new Guid(guid, bigEndian: true).TryFormat(text, out var written);
        return written;
    }

    /// <summary>Days since 1970-01-01.</summary>
    public static bool TryReadDate(ReadOnlySpan<byte> text, out int days)
    {
        days = 0;
        if (text.Length != 10 || text[4] != '-' || text[7] != '-'
            || !TryReadDigits(text[..4], out var year) || !TryReadDigits(text.Slice(5, 2), out var month) || !TryReadDigits(text[8..], out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        days = new DateOnly(year, month, day).DayNumber - UnixEpochDay;
        return true;
    }

    public static bool DateIsInRange(int days) => days >= -UnixEpochDay && days <= DateOnly.MaxValue.DayNumber - UnixEpochDay;

    public static int WriteDate(int days, Span<byte> text)
    {
        var date = DateOnly.FromDayNumber(days + UnixEpochDay);
        WriteDigits(date.Year, text[..4]);
        text[4] = (byte)'-';
        WriteDigits(date.Month, text.Slice(5, 2));
        text[7] = (byte)'-';
        WriteDigits(date.Day, text.Slice(8, 2));
        return 10;
    }

    public static bool TryReadTime(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (text.Length is < 8 or 9 or > 16 || text[2] != ':' || text[5] != ':'
            || !TryReadDigits(text[..2], out var hour) || !TryReadDigits(text.Slice(3, 2), out var minute) || !TryReadDigits(text.Slice(6, 2), out var second)
            || hour > 23 || minute > 59 || second > 59)
            return false;
        ticks = ((((hour * 60L) + minute) * 60) + second) * TimeSpan.TicksPerSecond;
        if (text.Length == 8)
            return true;
        if (text[8] != '.' || text[^1] == '0' || !TryReadDigits(text[9..], out var fraction))
            return false;
        for (var i = text.Length - 9; i < 7; i++)
            fraction *= 10;
        ticks += fraction;
        return true;
    }

    public static int WriteTime(long ticks, Span<byte> text)
    {
        var seconds = (int)(ticks / TimeSpan.TicksPerSecond);
        WriteDigits(seconds / 3600, text[..2]);
        text[2] = (byte)':';
        WriteDigits(seconds / 60 % 60, text.Slice(3, 2));
        text[5] = (byte)':';
        WriteDigits(seconds % 60, text.Slice(6, 2));
        var fraction = (int)(ticks % TimeSpan.TicksPerSecond);
        if (fraction == 0)
            return 8;
        text[8] = (byte)'.';
        WriteDigits(fraction, text.Slice(9, 7));
        var length = 16;
        while (text[length - 1] == '0')
            length--;
        return length;
    }

    public static bool TryReadDateTime(ReadOnlySpan<byte> text, out int days, out long ticks)
    {
        ticks = 0;
        days = 0;
        return text.Length >= 19 && text[10] == ' ' && TryReadDate(text[..10], out days) && TryReadTime(text[11..], out ticks);
    }

    public static int WriteDateTime(int days, long ticks, Span<byte> text)
    {
        WriteDate(days, text);
        text[10] = (byte)' ';
        return 11 + WriteTime(ticks, text[11..]);
    }

    /// <summary>The instant in UTC and the offset that it was written with.</summary>
    public static bool TryReadDateTimeOffset(ReadOnlySpan<byte> text, out int utcDays, out long utcTicks, out short offset)
    {
        utcDays = 0;
        utcTicks = 0;
        offset = 0;
        if (text.Length < 25)
            return false;
        var tail = text[^6..];
        if (tail[0] is not ((byte)'+' or (byte)'-') || tail[3] != ':'
            || !TryReadDigits(tail.Slice(1, 2), out var hours) || !TryReadDigits(tail[4..], out var minutes) || hours > 23 || minutes > 59
            || !TryReadDateTime(text[..^6], out utcDays, out utcTicks))
            return false;
        var size = (hours * 60) + minutes;
        if (size == 0 && tail[0] == '-')
            return false;
        offset = (short)(tail[0] == '-' ? -size : size);
        Shift(ref utcDays, ref utcTicks, -offset);
        return DateIsInRange(utcDays);
    }

    /// <summary>Zero where the local time is outside of the years 1 to 9999 or the offset is a day or more.</summary>
    public static int WriteDateTimeOffset(int utcDays, long utcTicks, short offset, Span<byte> text)
    {
        if (!DateIsInRange(utcDays) || Math.Abs(offset) >= 24 * 60)
            return 0;
        Shift(ref utcDays, ref utcTicks, offset);
        if (!DateIsInRange(utcDays))
            return 0;
        var length = WriteDateTime(utcDays, utcTicks, text);
        text[length] = (byte)(offset < 0 ? '-' : '+');
        var size = Math.Abs(offset);
        WriteDigits(size / 60, text.Slice(length + 1, 2));
        text[length + 3] = (byte)':';
        WriteDigits(size % 60, text.Slice(length + 4, 2));
        return length + 6;
    }

    /// <summary>True for the canonical form of a decimal, which text can hold at any length.</summary>
    public static bool IsDecimal(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("NaN"u8) || text.SequenceEqual("Infinity"u8) || text.SequenceEqual("-Infinity"u8))
            return true;
        var negative = text.Length > 0 && text[0] == '-';
        var digits = negative ? text[1..] : text;
        var whole = CountDigits(digits);
        if (whole == 0 || (whole > 1 && digits[0] == '0') || (negative && digits.IndexOfAnyInRange((byte)'1', (byte)'9') < 0))
            return false;
        return whole == digits.Length || (digits[whole] == '.' && digits.Length > whole + 1 && CountDigits(digits[(whole + 1)..]) == digits.Length - whole - 1);
    }

    /// <summary>Digits of an integer with a scale: 12 at scale 2 is 12.00.</summary>
    public static int WriteDecimal(long value, int scale, Span<byte> text)
    {
        Utf8Formatter.TryFormat(value, text, out var length);
        if (scale == 0)
            return length;
        text[length++] = (byte)'.';
        text.Slice(length, scale).Fill((byte)'0');
        return length + scale;
    }

    /// <summary>The shortest digits that read back as this real, padded to the scale; null where it has no exact way back.</summary>
    public static byte[]? FormatDecimal(double value, int scale)
    {
        const double twoTo63 = 9223372036854775808.0;
        if (!double.IsFinite(value) || Math.Abs(value) > 1e40 || (value != 0 && Math.Abs(value) < 1e-40))
            return null;

        // SQLite keeps such a value as an integer, so a real of that kind would not come back as it is.
        if (Math.Abs(value) <= twoTo63 && value == Math.Truncate(value))
            return null;
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var text = shortest.Contains('E', StringComparison.Ordinal) ? Expand(shortest) : shortest;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? 0 : text.Length - point - 1;
        if (digits < scale)
            text = (point < 0 ? text + "." : text) + new string('0', scale - digits);
        return System.Text.Encoding.ASCII.GetBytes(text);
    }

    /// <summary>What a decimal is stored as: an integer or a real that reads back as the same digits at this scale.</summary>
    public static bool TryStoreDecimal(ReadOnlySpan<byte> digits, int scale, out long? integer, out double real)
    {
        integer = null;
        real = 0;
        var point = digits.IndexOf((byte)'.');
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? [] : digits[(point + 1)..];
        if (fraction.IndexOfAnyExcept((byte)'0') < 0 && Utf8Parser.TryParse(whole, out long value, out var used) && used == whole.Length)
        {
            integer = value;
            return fraction.Length == scale;
        }

        if (!Utf8Parser.TryParse(digits, out real, out used) || used != digits.Length)
            return false;
        return FormatDecimal(real, scale) is { } back && digits.SequenceEqual(back);
    }

    /// <summary>True where a column of numeric affinity takes this text for a number.</summary>
    public static bool LooksNumeric(ReadOnlySpan<byte> text)
    {
        text = text.Trim(" \t\n\v\f\r"u8);
        if (text.Length > 0 && text[0] is (byte)'+' or (byte)'-')
            text = text[1..];
        var whole = CountDigits(text);
        text = text[whole..];
        var fraction = 0;
        if (text.Length > 0 && text[0] == '.')
        {
            fraction = CountDigits(text[1..]);
            text = text[(fraction + 1)..];
        }

        if (whole + fraction == 0)
            return false;
        if (text.Length > 0 && text[0] is (byte)'e' or (byte)'E')
        {
            text = text[1..];
            if (text.Length > 0 && text[0] is (byte)'+' or (byte)'-')
                text = text[1..];
            var exponent = CountDigits(text);
            return exponent > 0 && exponent == text.Length;
        }

        return text.IsEmpty;
    }

    private static int CountDigits(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return end < 0 ? text.Length : end;
    }

    private static string Expand(string scientific)
    {
        var e = scientific.IndexOf('E', StringComparison.Ordinal);
        var exponent = int.Parse(scientific[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = scientific[..e];
        var sign = mantissa[0] == '-' ? "-" : string.Empty;
        mantissa = mantissa.TrimStart('-');
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = mantissa.Replace(".", string.Empty, StringComparison.Ordinal);
        var at = (point < 0 ? mantissa.Length : point) + exponent;
        if (at <= 0)
            return sign + "0." + new string('0', -at) + digits;
        return at >= digits.Length ? sign + digits + new string('0', at - digits.Length) : sign + digits[..at] + "." + digits[at..];
    }

    private static void Shift(ref int days, ref long ticks, int minutes)
    {
        ticks += minutes * TimeSpan.TicksPerMinute;
        if (ticks < 0)
        {
            ticks += TicksPerDay;
            days--;
        }
        else if (ticks >= TicksPerDay)
        {
            ticks -= TicksPerDay;
            days++;
        }
    }

    private static int LowerHexDigit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        _ => -1,
    };

    private static bool TryReadDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var c in text)
        {
            if (c is < (byte)'0' or > (byte)'9')
                return false;
            value = (value * 10) + (c - '0');
        }

        return text.Length > 0;
    }

    private static void WriteDigits(int value, Span<byte> text)
    {
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = (byte)('0' + (value % 10));
            value /= 10;
        }
    }
}
