using System.Buffers;
using System.Buffers.Binary;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>
/// PostgreSQL's binary numeric (digit count, weight, sign, scale, then base-10000 digits, all 16-bit big-endian) to and from canonical digits.
/// </summary>
internal static class PgNumeric
{
    private const ushort Negative = 0x4000;
    private const ushort NaN = 0xC000;
    private const ushort PositiveInfinity = 0xD000;
    private const ushort NegativeInfinity = 0xF000;

    /// <summary>The greatest scale that the type can keep.</summary>
    private const int MaxScale = 16383;

    public static void Append(RowBatch batch, ReadOnlySpan<byte> field)
    {
        int count = BinaryPrimitives.ReadInt16BigEndian(field);
        int weight = BinaryPrimitives.ReadInt16BigEndian(field[2..]);
        var sign = BinaryPrimitives.ReadUInt16BigEndian(field[4..]);
        int scale = BinaryPrimitives.ReadInt16BigEndian(field[6..]);
        if (sign >= NaN)
        {
            Canonical.WriteBytes(batch, FieldTag.Decimal, sign switch { NaN => "NaN"u8, NegativeInfinity => "-Infinity"u8, _ => "Infinity"u8 });
            return;
        }

        var bound = 2 + (Math.Max(weight + 1, 1) * 4) + scale + 4;
        byte[]? rented = null;
        var text = bound <= 256 ? stackalloc byte[256] : rented = ArrayPool<byte>.Shared.Rent(bound);
        Canonical.WriteBytes(batch, FieldTag.Decimal, text[..Format(field[8..], count, weight, sign == Negative, scale, text)]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Appends the binary form of canonical digits; false where the type cannot hold them.</summary>
    public static bool TryEncode(ReadOnlySpan<byte> digits, Span<byte> field, out int written)
    {
        written = 8;
        var special = digits switch
        {
            [(byte)'N', ..] => NaN,
            [(byte)'I', ..] => PositiveInfinity,
            [(byte)'-', (byte)'I', ..] => NegativeInfinity,
            _ => (ushort)0,
        };
        if (special != 0)
        {
            WriteHeader(field, 0, 0, special, 0);
            return true;
        }

        var negative = digits[0] == (byte)'-';
        if (negative)
            digits = digits[1..];
        var point = digits.IndexOf((byte)'.');
        var whole = point < 0 ? digits : digits[..point];
        var fraction = point < 0 ? default : digits[(point + 1)..];
        if (fraction.Length > MaxScale || whole.Length > 131072)
            return false;

        // Groups of four digits, aligned on the point; zero groups at either end are not stored.
        var wholeGroups = (whole.Length + 3) / 4;
        var groups = wholeGroups + ((fraction.Length + 3) / 4);
        int first = -1, last = -1;
        for (var i = 0; i < groups; i++)
        {
            var group = i < wholeGroups ? Group(whole, whole.Length - ((wholeGroups - i) * 4)) : Group(fraction, (i - wholeGroups) * 4);
            if (first < 0 && group == 0)
                continue;
            if (first < 0)
                first = i;
            if (group != 0)
                last = i;
            BinaryPrimitives.WriteInt16BigEndian(field[(8 + ((i - first) * 2))..], group);
        }

        var stored = first < 0 ? 0 : last - first + 1;
        WriteHeader(field, stored, first < 0 ? 0 : wholeGroups - 1 - first, negative && stored > 0 ? Negative : (ushort)0, fraction.Length);
        written = 8 + (stored * 2);
        return true;
    }

    private static int Format(ReadOnlySpan<byte> groups, int count, int weight, bool negative, int scale, Span<byte> text)
    {
        var at = 0;
        if (negative)
            text[at++] = (byte)'-';
        var begin = at;
        for (var i = 0; i <= weight; i++)
            at = Digits(text, at, i < count ? BinaryPrimitives.ReadInt16BigEndian(groups[(i * 2)..]) : 0);

        // No leading zero but one before the point.
        var zeros = begin;
        while (zeros < at && text[zeros] == (byte)'0')
            zeros++;
        if (zeros == at)
        {
            at = begin;
            text[at++] = (byte)'0';
        }
        else if (zeros > begin)
        {
            text[zeros..at].CopyTo(text[begin..]);
            at -= zeros - begin;
        }

        if (scale == 0)
            return at;
        text[at++] = (byte)'.';
        var end = at + scale;
        for (var i = weight + 1; at < end; i++)
            at = Digits(text, at, i >= 0 && i < count ? BinaryPrimitives.ReadInt16BigEndian(groups[(i * 2)..]) : 0);
        return end;
    }

    private static int Digits(Span<byte> text, int at, int group)
    {
        text[at + 3] = (byte)('0' + (group % 10));
        text[at + 2] = (byte)('0' + (group / 10 % 10));
        text[at + 1] = (byte)('0' + (group / 100 % 10));
        text[at] = (byte)('0' + (group / 1000));
        return at + 4;
    }

    /// <summary>Four digits from <paramref name="at"/> on; zeros stand in for those outside.</summary>
    private static short Group(ReadOnlySpan<byte> digits, int at)
    {
        var group = 0;
        for (var i = at; i < at + 4; i++)
            group = (group * 10) + (i >= 0 && i < digits.Length ? digits[i] - '0' : 0);
        return (short)group;
    }

    private static void WriteHeader(Span<byte> field, int count, int weight, ushort sign, int scale)
    {
        BinaryPrimitives.WriteInt16BigEndian(field, (short)count);
        BinaryPrimitives.WriteInt16BigEndian(field[2..], (short)weight);
        BinaryPrimitives.WriteUInt16BigEndian(field[4..], sign);
        BinaryPrimitives.WriteInt16BigEndian(field[6..], (short)scale);
    }
}
