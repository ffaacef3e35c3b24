using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace LoggerCms.Core.Sides;

/// <summary>The tag in front of each field of a canonical row: what the value is, not what its column is declared as.</summary>
public enum FieldTag : byte
{
    Null = 0,
    Boolean = 1,
    Integer = 2,
    Double = 3,
    Single = 4,
    Decimal = 5,
    Text = 6,
    Binary = 7,
    Guid = 8,
    Date = 9,
    Time = 10,
    DateTime = 11,
    DateTimeOffset = 12,
    Native = 13,
}

/// <summary>
/// The canonical form, version 1, the same on every driver: per field one tag byte, the payload's length
/// (unsigned LEB128) and the payload. All numbers are little-endian.
/// <list type="table">
/// <item>Null: empty. Boolean: 1 byte, 0 or 1. Integer: 8 bytes. Double: the 8 bytes of its bits. Single: 4 bytes.</item>
/// <item>Decimal: ASCII, <c>-?digits[.digits]</c>, no leading zero but one before the point, scale kept, no negative zero; or NaN, Infinity, -Infinity.</item>
/// <item>Text: UTF-8 as stored; a lone surrogate as the three bytes of its code point. Native: the make's text form in UTF-8.</item>
/// <item>Binary: the bytes. Guid: 16 bytes in RFC 4122 (big-endian) order.</item>
/// <item>Date: int32 days since 1970-01-01; <see cref="int.MaxValue"/> and <see cref="int.MinValue"/> are plus and minus infinity.</item>
/// <item>Time: int64 ticks of 100 ns since midnight.</item>
/// <item>DateTime: date (4 bytes) and time (8 bytes) as above.</item>
/// <item>DateTimeOffset: the instant in UTC as DateTime, then int16 minutes of offset.</item>
/// </list>
/// </summary>
public static class Canonical
{
    /// <summary>Part of every checksum.</summary>
    public const string FormName = "LoggerCms canonical form";

    public const int FormVersion = 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteNull(RowBatch batch)
    {
        var span = batch.GetSpan(2);
        span[0] = (byte)FieldTag.Null;
        span[1] = 0;
        batch.Advance(2);
    }

    public static void WriteBoolean(RowBatch batch, bool value)
    {
        var span = batch.GetSpan(3);
        span[0] = (byte)FieldTag.Boolean;
        span[1] = 1;
        span[2] = value ? (byte)1 : (byte)0;
        batch.Advance(3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteInteger(RowBatch batch, long value) => WriteInt64(batch, FieldTag.Integer, value);

    public static void WriteDouble(RowBatch batch, double value)
        => WriteInt64(batch, FieldTag.Double, BitConverter.DoubleToInt64Bits(value));

    public static void WriteSingle(RowBatch batch, float value) => WriteInt32(batch, FieldTag.Single, BitConverter.SingleToInt32Bits(value));

    public static void WriteDate(RowBatch batch, int days) => WriteInt32(batch, FieldTag.Date, days);

    public static void WriteTime(RowBatch batch, long ticks) => WriteInt64(batch, FieldTag.Time, ticks);

    public static void WriteDateTime(RowBatch batch, int days, long ticks)
    {
        var span = batch.GetSpan(14);
        span[0] = (byte)FieldTag.DateTime;
        span[1] = 12;
        BinaryPrimitives.WriteInt32LittleEndian(span[2..], days);
        BinaryPrimitives.WriteInt64LittleEndian(span[6..], ticks);
        batch.Advance(14);
    }

    public static void WriteDateTimeOffset(RowBatch batch, int utcDays, long utcTicks, short offsetMinutes)
    {
        var span = batch.GetSpan(16);
        span[0] = (byte)FieldTag.DateTimeOffset;
        span[1] = 14;
        BinaryPrimitives.WriteInt32LittleEndian(span[2..], utcDays);
        BinaryPrimitives.WriteInt64LittleEndian(span[6..], utcTicks);
        BinaryPrimitives.WriteInt16LittleEndian(span[14..], offsetMinutes);
        batch.Advance(16);
    }

    /// <param name="batch">The batch to append to.</param>
    /// <param name="bigEndian">16 bytes in RFC 4122 order.</param>
    public static void WriteGuid(RowBatch batch, ReadOnlySpan<byte> bigEndian) => WriteBytes(batch, FieldTag.Guid, bigEndian);

    /// <summary>Text, Decimal, Binary and Native: a payload of any length.</summary>
    public static void WriteBytes(RowBatch batch, FieldTag tag, ReadOnlySpan<byte> payload)
    {
        var span = batch.GetSpan(payload.Length + 6);
        span[0] = (byte)tag;
        var at = 1 + WriteLength(span[1..], (uint)payload.Length);
        payload.CopyTo(span[at..]);
        batch.Advance(at + payload.Length);
    }

    /// <summary>Unsigned LEB128.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteLength(Span<byte> span, uint length)
    {
        var at = 0;
        while (length >= 0x80)
        {
            span[at++] = (byte)(length | 0x80);
            length >>= 7;
        }

        span[at++] = (byte)length;
        return at;
    }

    private static void WriteInt64(RowBatch batch, FieldTag tag, long value)
    {
        var span = batch.GetSpan(10);
        span[0] = (byte)tag;
        span[1] = 8;
        BinaryPrimitives.WriteInt64LittleEndian(span[2..], value);
        batch.Advance(10);
    }

    private static void WriteInt32(RowBatch batch, FieldTag tag, int value)
    {
        var span = batch.GetSpan(6);
        span[0] = (byte)tag;
        span[1] = 4;
        BinaryPrimitives.WriteInt32LittleEndian(span[2..], value);
        batch.Advance(6);
    }
}

/// <summary>Walks the fields of a canonical row (or key) without copying.</summary>
public ref struct CanonicalReader(ReadOnlySpan<byte> row)
{
    private readonly ReadOnlySpan<byte> _row = row;
    private int _at;

    /// <summary>The tag of the field that <see cref="Read"/> moved to.</summary>
    public FieldTag Tag { get; private set; }

    /// <summary>The payload of that field.</summary>
    public ReadOnlySpan<byte> Payload { get; private set; }

    /// <summary>The whole field, tag and length included.</summary>
    public ReadOnlySpan<byte> Field { get; private set; }

    /// <summary>Moves to the next field; false at the end of the row.</summary>
    public bool Read()
    {
        if (_at >= _row.Length)
            return false;
        var start = _at;
        Tag = (FieldTag)_row[_at++];
        uint length = 0;
        var shift = 0;
        byte b;
        do
        {
            b = _row[_at++];
            length |= (uint)(b & 0x7F) << shift;
            shift += 7;
        }
        while (b >= 0x80);

        Payload = _row.Slice(_at, (int)length);
        _at += (int)length;
        Field = _row[start.._at];
        return true;
    }

    public readonly long Int64 => BinaryPrimitives.ReadInt64LittleEndian(Payload);

    public readonly int Int32 => BinaryPrimitives.ReadInt32LittleEndian(Payload);

    public readonly double Double => BitConverter.Int64BitsToDouble(Int64);

    public readonly float Single => BitConverter.Int32BitsToSingle(Int32);

    public readonly bool Boolean => Payload[0] != 0;

    /// <summary>Days and ticks of a DateTime or DateTimeOffset (UTC).</summary>
    public readonly (int Days, long Ticks) DateTime
        => (BinaryPrimitives.ReadInt32LittleEndian(Payload), BinaryPrimitives.ReadInt64LittleEndian(Payload[4..]));

    public readonly short OffsetMinutes => BinaryPrimitives.ReadInt16LittleEndian(Payload[12..]);
}
