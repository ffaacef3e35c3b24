using System.Globalization;
using System.Numerics;
using System.Text;

namespace LoggerCms.Core.Sides;

/// <summary>Compares canonical keys in the orders that drivers name.</summary>
public static class CanonicalOrder
{
    /// <summary>The order of two keys (canonical key fields in key order); null sorts first.</summary>
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, ReadOnlySpan<KeyOrder> orders)
    {
        var a = new CanonicalReader(left);
        var b = new CanonicalReader(right);
        foreach (var order in orders)
        {
            if (!a.Read() || !b.Read())
                throw new ArgumentException("A key has fewer fields than its order.");
            var result = CompareField(a, b, order);
            if (result != 0)
                return result;
        }

        return 0;
    }

    private static int CompareField(CanonicalReader a, CanonicalReader b, KeyOrder order)
    {
        if (a.Tag != b.Tag)
        {
            // Only misfitting SQLite values meet here: NULL, numbers, text, blobs, as SQLite itself sorts storage classes.
            return a.Tag.CompareTo(b.Tag);
        }

        if (a.Tag == FieldTag.Null)
            return 0;
        return order switch
        {
            KeyOrder.Integer => Number(a).CompareTo(Number(b)),
            KeyOrder.Utf8 or KeyOrder.Bytes => a.Payload.SequenceCompareTo(b.Payload),
            KeyOrder.Utf16 => CompareUtf16(a.Payload, b.Payload),
            KeyOrder.Decimal => CompareDecimal(a.Payload, b.Payload),
            KeyOrder.Instant => a.DateTime.CompareTo(b.DateTime),
            _ => throw new ArgumentOutOfRangeException(nameof(order), order, "This key has no order."),
        };
    }

    private static long Number(CanonicalReader field) => field.Payload.Length switch
    {
        1 => field.Payload[0],
        4 => field.Int32,
        _ => field.Int64,
    };

    /// <summary>
    /// UTF-16 order from UTF-8 bytes: the same as byte order, but that code points above U+FFFF (surrogates in UTF-16) come before U+E000–U+FFFF.
    /// </summary>
    private static int CompareUtf16(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var common = a.CommonPrefixLength(b);
        if (common == a.Length || common == b.Length)
            return a.Length.CompareTo(b.Length);
        byte x = a[common], y = b[common];
        if (x >= 0xEE && y >= 0xEE && (x >= 0xF0) != (y >= 0xF0))
            return x >= 0xF0 ? -1 : 1;
        return x.CompareTo(y);
    }

    private static int CompareDecimal(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.SequenceEqual(b))
            return 0;
        var (rankA, digitsA, scaleA) = ReadDecimal(a);
        var (rankB, digitsB, scaleB) = ReadDecimal(b);
        if (rankA != rankB || rankA != 0)
            return rankA.CompareTo(rankB);
        if (scaleA < scaleB)
            digitsA *= BigInteger.Pow(10, scaleB - scaleA);
        else
            digitsB *= BigInteger.Pow(10, scaleA - scaleB);
        return digitsA.CompareTo(digitsB);
    }

    private static (int Rank, BigInteger Digits, int Scale) ReadDecimal(ReadOnlySpan<byte> payload)
    {
        var text = Encoding.ASCII.GetString(payload);
        switch (text)
        {
            case "-Infinity": return (-1, default, 0);
            case "Infinity": return (1, default, 0);
            case "NaN": return (2, default, 0);
        }

        var point = text.IndexOf('.', StringComparison.Ordinal);
        var scale = point < 0 ? 0 : text.Length - point - 1;
        return (0, BigInteger.Parse(point < 0 ? text : text.Remove(point, 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture), scale);
    }
}
