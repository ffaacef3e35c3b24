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

        // A misfitting value is of another kind than its column's order is for; any fixed order does for it.
        return order switch
        {
            KeyOrder.Integer when a.Tag is FieldTag.Integer or FieldTag.Boolean or FieldTag.Date or FieldTag.Time => Number(a).CompareTo(Number(b)),
            KeyOrder.Utf16 => CompareUtf16(a.Payload, b.Payload),
            KeyOrder.Decimal when a.Tag is FieldTag.Decimal => CompareDecimal(a.Payload, b.Payload),
            KeyOrder.Instant when a.Tag is FieldTag.DateTime or FieldTag.DateTimeOffset => a.DateTime.CompareTo(b.DateTime),
            KeyOrder.None => throw new ArgumentOutOfRangeException(nameof(order), order, "This key has no order."),
            _ => a.Payload.SequenceCompareTo(b.Payload),
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
        var start = common;
        while (start > 0 && (a[start] & 0xC0) == 0x80 && (a[start - 1] >= 0x80))
            start--;
        byte x = a[start], y = b[start];
        if (x >= 0xED && y >= 0xED && (x != y || x is 0xED or >= 0xF0))
            return CompareUnits(a[start..], b[start..]);
        return a[common].CompareTo(b[common]);
    }

    /// <summary>Unit by unit from the first character that differs; a lone surrogate may equal the first half of a pair.</summary>
    private static int CompareUnits(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var left = new Utf16Units(a);
        var right = new Utf16Units(b);
        while (true)
        {
            int x = left.Next(), y = right.Next();
            if (x != y)
                return x.CompareTo(y);
            if (x < 0)
                return a.SequenceCompareTo(b);
        }
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

    /// <summary>The UTF-16 code units of UTF-8 bytes in which a lone surrogate has three bytes.</summary>
    private ref struct Utf16Units(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _at;
        private int _low = -1;

        /// <summary>The next unit, or -1 at the end.</summary>
        public int Next()
        {
            if (_low >= 0)
            {
                var low = _low;
                _low = -1;
                return low;
            }

            if (_at >= _bytes.Length)
                return -1;
            var lead = _bytes[_at++];
            var point = lead switch
            {
                < 0x80 => lead,
                < 0xE0 => (lead & 0x1F) << 6 | Continuation(),
                < 0xF0 => (lead & 0x0F) << 12 | Continuation() << 6 | Continuation(),
                _ => (lead & 0x07) << 18 | Continuation() << 12 | Continuation() << 6 | Continuation(),
            };
            if (point < 0x10000)
                return point;
            _low = 0xDC00 | (point & 0x3FF);
            return 0xD800 + ((point - 0x10000) >> 10);
        }

        private int Continuation() => _at < _bytes.Length ? _bytes[_at++] & 0x3F : 0;
    }
}
