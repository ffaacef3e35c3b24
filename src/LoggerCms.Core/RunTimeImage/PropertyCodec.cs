using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>Where one entry of an encoded bag lies: offsets into the array that holds the bag.</summary>
internal readonly record struct PropertyEntry(int NameStart, int NameLength, PropertyType Type, int ValueStart, int ValueLength);

/// <summary>
/// The encoded form of values, described in ARCHITECTURE.md. Reading never trusts a length or a count: each is held against the bytes that are
/// there before anything is allocated. There is one form for each value, so that equal bags have equal bytes.
/// </summary>
internal static class PropertyCodec
{
    /// <summary>Refuses half surrogates in both directions: they have no UTF-8.</summary>
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ulong ReadVarint(ReadOnlySpan<byte> data, ref int at, int end)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= end)
                throw PropertyErrors.Damaged("a number is cut off", at);
            var next = data[at++];
            if (shift == 63 && next > 1)
                break;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return next == 0 && shift > 0 ? throw PropertyErrors.Damaged("a number is not in its shortest form", at) : value;
        }

        throw PropertyErrors.Damaged("a number is too long", at);
    }

    public static int ReadLength(ReadOnlySpan<byte> data, ref int at, int end)
    {
        var length = ReadVarint(data, ref at, end);
        return length <= (ulong)(end - at) ? (int)length : throw PropertyErrors.Damaged("a length is beyond the end", at);
    }

    public static PropertyEntry ReadEntry(ReadOnlySpan<byte> data, ref int at, int end)
    {
        var nameLength = ReadLength(data, ref at, end);
        var nameStart = at;
        at += nameLength;
        var (type, start, length) = ReadHead(data, ref at, end);
        at = start + length;
        return new PropertyEntry(nameStart, nameLength, type, start, length);
    }

    public static PropertyValue ReadValue(byte[] data, PropertyType type, int start, int length)
    {
        var bytes = data.AsSpan(start, length);
        switch (type)
        {
            case PropertyType.String:
                return ReadText(bytes, start);
            case PropertyType.Integer:
                var at = start;
                var raw = ReadVarint(data, ref at, start + length);
                return at == start + length ? (long)(raw >> 1) ^ -(long)(raw & 1) : throw WrongLength(type, start);
            case PropertyType.Decimal:
                return length == 16 ? ReadDecimal(bytes, start) : throw WrongLength(type, start);
            case PropertyType.Double:
                return length == 8 ? BinaryPrimitives.ReadDoubleLittleEndian(bytes) : throw WrongLength(type, start);
            case PropertyType.Boolean:
                return length == 1 && bytes[0] <= 1 ? bytes[0] == 1 : throw WrongLength(type, start);
            case PropertyType.Date:
                return length == 10 ? ReadDate(bytes, start) : throw WrongLength(type, start);
            case PropertyType.Guid:
                return length == 16 ? new Guid(bytes) : throw WrongLength(type, start);
            case PropertyType.Binary:
                return bytes.ToArray();
            case PropertyType.List:
                return ReadList(data, start, start + length);
            case PropertyType.Bag:
                return new PropertyBag(data, start, start + length);
            default:
                throw PropertyErrors.Damaged($"the type {(byte)type} is not known", start);
        }
    }

    public static string ReadText(ReadOnlySpan<byte> utf8, int offset)
    {
        try
        {
            return Utf8.GetString(utf8);
        }
        catch (DecoderFallbackException exception)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidObject, $"The bytes are not a property bag: text that is not UTF-8 at byte {offset}.", "Send the object again.",
                innerException: exception);
        }
    }

    public static void WriteVarint(IBufferWriter<byte> to, ulong value) => to.Advance(WriteVarint(to.GetSpan(10), value));

    /// <returns>The bytes that it took.</returns>
    public static int WriteVarint(Span<byte> to, ulong value)
    {
        var count = 0;
        for (; value >= 0x80; value >>= 7)
            to[count++] = (byte)(value | 0x80);
        to[count++] = (byte)value;
        return count;
    }

    /// <summary>Length and content.</summary>
    /// <returns>The bytes that it took.</returns>
    public static int WriteInteger(Span<byte> to, long number)
    {
        var count = WriteVarint(to[1..], ((ulong)number << 1) ^ (ulong)(number >> 63));
        to[0] = (byte)count;
        return 1 + count;
    }

    public static void WriteText(IBufferWriter<byte> to, string text, string name)
    {
        try
        {
            var count = Utf8.GetByteCount(text);
            WriteVarint(to, (ulong)count);
            Utf8.GetBytes(text, to.GetSpan(count));
            to.Advance(count);
        }
        catch (EncoderFallbackException exception)
        {
            throw PropertyErrors.Invalid($"The text of '{Printable(name)}' holds half a surrogate pair", exception);
        }
    }

    /// <summary>Tag, length and content.</summary>
    public static void WriteValue(IBufferWriter<byte> to, PropertyValue value, string name)
    {
        to.GetSpan(1)[0] = (byte)value.Type;
        to.Advance(1);
        switch (value.Type)
        {
            case PropertyType.String:
                WriteText(to, value.AsString, name);
                break;
            case PropertyType.Integer:
                to.Advance(WriteInteger(to.GetSpan(11), value.AsInteger));
                break;
            case PropertyType.Decimal:
                Span<int> parts = stackalloc int[4];
                decimal.GetBits(value.AsDecimal, parts);
                var sixteen = Fixed(to, 16);
                for (var i = 0; i < 4; i++)
                    BinaryPrimitives.WriteInt32LittleEndian(sixteen[(4 * i)..], parts[i]);
                break;
            case PropertyType.Double:
                BinaryPrimitives.WriteInt64LittleEndian(Fixed(to, 8), BitConverter.DoubleToInt64Bits(value.AsDouble));
                break;
            case PropertyType.Boolean:
                Fixed(to, 1)[0] = value.AsBoolean ? (byte)1 : (byte)0;
                break;
            case PropertyType.Date:
                var ten = Fixed(to, 10);
                BinaryPrimitives.WriteInt64LittleEndian(ten, value.AsDate.UtcTicks);
                BinaryPrimitives.WriteInt16LittleEndian(ten[8..], (short)value.AsDate.TotalOffsetMinutes);
                break;
            case PropertyType.Guid:
                value.AsGuid.TryWriteBytes(Fixed(to, 16));
                break;
            case PropertyType.Binary:
                WriteVarint(to, (ulong)value.AsBinary.Length);
                to.Write(value.AsBinary);
                break;
            case PropertyType.List:
                WriteList(to, value.AsList, name);
                break;
            case PropertyType.Bag:
                var body = value.AsBag.Body;
                WriteVarint(to, (ulong)body.Length);
                to.Write(body);
                break;
            default:
                throw PropertyErrors.Invalid($"'{Printable(name)}' has no value");
        }
    }

    /// <summary>A name as an error message may show it.</summary>
    public static string Printable(string name)
    {
        var shown = name.Length <= 60 ? name : string.Concat(name.AsSpan(0, 57), "...");
        return string.Create(shown.Length, shown, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
                to[i] = char.IsControl(from[i]) || char.IsSurrogate(from[i]) ? '?' : from[i];
        });
    }

    private static (PropertyType Type, int Start, int Length) ReadHead(ReadOnlySpan<byte> data, ref int at, int end)
    {
        if (at >= end)
            throw PropertyErrors.Damaged("an entry is cut off", at);
        var type = (PropertyType)data[at++];
        var length = ReadLength(data, ref at, end);
        return (type, at, length);
    }

    private static PropertyValue ReadList(byte[] data, int start, int end)
    {
        var at = start;
        var count = ReadVarint(data, ref at, end);
        if (count > (ulong)(end - at) / 2)
            throw PropertyErrors.Damaged("a list claims more values than there are bytes", at);
        var values = new PropertyValue[(int)count];
        for (var i = 0; i < values.Length; i++)
        {
            var (type, valueStart, length) = ReadHead(data, ref at, end);
            if (type is PropertyType.List or PropertyType.Bag)
                throw PropertyErrors.Damaged($"a list holds a {type}", at);
            values[i] = ReadValue(data, type, valueStart, length);
            at = valueStart + length;
        }

        return at == end ? PropertyValue.List(values) : throw PropertyErrors.Damaged("bytes follow a list's last value", at);
    }

    private static decimal ReadDecimal(ReadOnlySpan<byte> bytes, int offset)
    {
        Span<int> parts = stackalloc int[4];
        for (var i = 0; i < 4; i++)
            parts[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]);
        var isValid = (parts[3] & ~unchecked((int)0x80FF0000)) == 0 && (parts[3] & 0x00FF0000) <= 28 << 16;
        return isValid ? new decimal(parts) : throw PropertyErrors.Damaged("a decimal has no valid scale", offset);
    }

    private static DateTimeOffset ReadDate(ReadOnlySpan<byte> bytes, int offset)
    {
        var utcTicks = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var minutes = BinaryPrimitives.ReadInt16LittleEndian(bytes[8..]);
        var isValid = utcTicks >= 0 && utcTicks <= DateTime.MaxValue.Ticks && Math.Abs((int)minutes) <= 14 * 60;
        var ticks = isValid ? utcTicks + minutes * TimeSpan.TicksPerMinute : -1;
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? new DateTimeOffset(ticks, TimeSpan.FromMinutes(minutes))
            : throw PropertyErrors.Damaged("a date is out of range", offset);
    }

    private static void WriteList(IBufferWriter<byte> to, IReadOnlyList<PropertyValue> values, string name)
    {
        var inner = new ArrayBufferWriter<byte>();
        WriteVarint(inner, (ulong)values.Count);
        foreach (var value in values)
            WriteValue(inner, value, name);
        WriteVarint(to, (ulong)inner.WrittenCount);
        to.Write(inner.WrittenSpan);
    }

    private static Span<byte> Fixed(IBufferWriter<byte> to, int length)
    {
        var span = to.GetSpan(length + 1);
        span[0] = (byte)length;
        to.Advance(length + 1);
        return span.Slice(1, length);
    }

    public static int VarintLength(ulong value)
    {
        var length = 1;
        for (; value >= 0x80; value >>= 7)
            length++;
        return length;
    }

    private static LoggerCmsException WrongLength(PropertyType type, int offset)
        => PropertyErrors.Damaged($"a {type} has the wrong length or content", offset);
}
