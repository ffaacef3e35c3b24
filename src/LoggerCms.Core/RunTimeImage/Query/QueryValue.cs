using System.Globalization;
using System.Numerics;

namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>
/// How values compare. Numbers of all types compare by their exact value, but in a condition a decimal beside a double stands for the double that its
/// digits name; true and false count as 1 and 0; text compares whatever the case; a text in the query that is a number, a date or a GUID compares with
/// values of that type. Anything else has no order: null.
/// </summary>
internal static class QueryValue
{
    /// <summary>More digits than a literal or stored text can have to count as a number.</summary>
    private const int MaxNumberText = 40;

    private static readonly string[] DateForms =
    [
        "yyyy.MM.dd.HH.mm.ss", "yyyy.MM.dd.HH.mm.ss.fff", "yyyy.MM.dd", "yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss",
        "yyyy-MM-ddTHH:mm:ss.FFFFFFF", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Below 0, 0 or above 0; null where the two cannot be compared.</summary>
    /// <param name="value">The object's.</param>
    /// <param name="literal">The query's.</param>
    /// <param name="text">How two texts compare.</param>
    public static int? Compare(PropertyValue value, PropertyValue literal, StringComparison text = StringComparison.OrdinalIgnoreCase)
    {
        if (IsNumber(value) && IsNumber(literal))
            return CompareWritten(value, literal);
        switch (value.Type)
        {
            case PropertyType.Integer or PropertyType.Decimal or PropertyType.Double or PropertyType.Boolean when literal.Type == PropertyType.String:
                if (value.Type == PropertyType.Boolean && bool.TryParse(literal.AsString, out var truth))
                    return value.AsBoolean.CompareTo(truth);
                return TryNumber(literal.AsString, out var number) ? CompareWritten(value, number) : null;
            case PropertyType.String when literal.Type == PropertyType.String:
                return string.Compare(value.AsString, literal.AsString, text);
            case PropertyType.String when IsNumber(literal):
                return TryNumber(value.AsString, out var stored) ? CompareWritten(stored, literal) : null;
            case PropertyType.Date when literal.Type == PropertyType.String:
                return TryDate(literal.AsString, out var date) ? value.AsDate.UtcTicks.CompareTo(date.UtcTicks) : null;
            case PropertyType.Date when literal.Type == PropertyType.Date:
                return value.AsDate.UtcTicks.CompareTo(literal.AsDate.UtcTicks);
            case PropertyType.Guid when literal.Type == PropertyType.String:
                return Guid.TryParse(literal.AsString, out var guid) ? value.AsGuid.CompareTo(guid) : null;
            default:
                return null;
        }
    }

    /// <summary>For ORDER BY: a total order over all values; nothing comes first, then numbers, texts, dates, GUIDs and the rest.</summary>
    public static int Order(PropertyValue left, PropertyValue right)
    {
        var rank = Rank(left).CompareTo(Rank(right));
        if (rank != 0)
            return rank;
        return left.Type switch
        {
            PropertyType.None or PropertyType.Bag or PropertyType.List => 0,
            PropertyType.String => TextOrder(left.AsString, right.AsString),
            PropertyType.Date => left.AsDate.UtcTicks.CompareTo(right.AsDate.UtcTicks),
            PropertyType.Guid => left.AsGuid.CompareTo(right.AsGuid),
            PropertyType.Binary => left.AsBinary.AsSpan().SequenceCompareTo(right.AsBinary),
            _ => CompareNumbers(left, right) ?? IsNan(left).CompareTo(IsNan(right)),
        };
    }

    public static bool TryDate(string text, out DateTimeOffset date)
        => DateTimeOffset.TryParseExact(text, DateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date);

    /// <summary>An integer, a decimal that holds every digit, or with an exponent a double. Plain digits that neither holds are no number.</summary>
    public static bool TryNumber(string text, out PropertyValue value)
    {
        value = default;
        if (text.Length > MaxNumberText)
            return false;
        const NumberStyles plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            value = integer;
        else if (decimal.TryParse(text, plain, CultureInfo.InvariantCulture, out var exact) && HoldsAll(exact, text))
            value = exact;
        else if (text.AsSpan().ContainsAny('e', 'E')
            && double.TryParse(text, plain | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var real)
            && double.IsFinite(real))
            value = real;
        return !value.IsNone;
    }

    /// <summary>The number as a long where it is one exactly.</summary>
    public static bool TryInteger(PropertyValue literal, out long integer)
    {
        integer = 0;
        var value = literal;
        if (literal.Type == PropertyType.String && !TryNumber(literal.AsString, out value))
            return false;
        if (value.Type == PropertyType.Integer)
            integer = value.AsInteger;
        else if (value.Type == PropertyType.Decimal && value.AsDecimal is >= long.MinValue and <= long.MaxValue)
            integer = (long)value.AsDecimal;
        else
            return false;
        return CompareNumbers(value, integer) == 0;
    }

    // Parsing rounds what a decimal cannot hold.
    private static bool HoldsAll(decimal exact, string text) => Digits(exact.ToString(CultureInfo.InvariantCulture)).SequenceEqual(Digits(text));

    /// <summary>All digits but zeros that say nothing.</summary>
    private static ReadOnlySpan<char> Digits(string text)
    {
        var digits = text.AsSpan().TrimStart("+-").TrimStart('0');
        return digits.Contains('.') ? digits.TrimEnd('0').TrimEnd('.') : digits;
    }

    private static bool IsNumber(PropertyValue value)
        => value.Type is PropertyType.Integer or PropertyType.Decimal or PropertyType.Double or PropertyType.Boolean;

    private static bool IsNan(PropertyValue value) => value.Type == PropertyType.Double && double.IsNaN(value.AsDouble);

    private static int TextOrder(string left, string right)
    {
        var order = string.Compare(left, right, StringComparison.OrdinalIgnoreCase);
        return order != 0 ? order : string.CompareOrdinal(left, right);
    }

    private static int Rank(PropertyValue value) => value.Type switch
    {
        PropertyType.None => 0,
        PropertyType.Integer or PropertyType.Decimal or PropertyType.Double or PropertyType.Boolean => 1,
        PropertyType.String => 2,
        PropertyType.Date => 3,
        PropertyType.Guid => 4,
        PropertyType.Binary => 5,
        _ => 6,
    };

    // 9.95 finds the double that everybody writes 9.95. ORDER BY does without: its order has to be total.
    private static int? CompareWritten(PropertyValue left, PropertyValue right) => (left.Type, right.Type) switch
    {
        (PropertyType.Double, PropertyType.Decimal) => CompareWritten(left.AsDouble, right.AsDecimal),
        (PropertyType.Decimal, PropertyType.Double) => -CompareWritten(right.AsDouble, left.AsDecimal),
        _ => CompareNumbers(left, right),
    };

    private static int? CompareWritten(double real, decimal written)
    {
        if (double.IsNaN(real))
            return null;

        // The conversion is not always the nearest double, as parsing is.
        var near = (double)written;
        return IsFar(real, near) ? real.CompareTo(near) : real.CompareTo(double.Parse(written.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
    }

    // The conversion is off by less than one part in 10^15.
    private static bool IsFar(double real, double near) => !double.IsFinite(real) || Math.Abs(real - near) > 1e-12 * Math.Max(Math.Abs(real), Math.Abs(near));

    private static int? CompareNumbers(PropertyValue left, PropertyValue right)
    {
        if (left.Type == PropertyType.Boolean)
            left = left.AsBoolean ? 1 : 0;
        if (right.Type == PropertyType.Boolean)
            right = right.AsBoolean ? 1 : 0;
        if (left.Type == PropertyType.Integer && right.Type == PropertyType.Integer)
            return left.AsInteger.CompareTo(right.AsInteger);
        if (left.Type == PropertyType.Double && right.Type == PropertyType.Double)
            return double.IsNaN(left.AsDouble) || double.IsNaN(right.AsDouble) ? null : left.AsDouble.CompareTo(right.AsDouble);
        if (left.Type == PropertyType.Double)
            return CompareExactly(left.AsDouble, Exact(right));
        if (right.Type == PropertyType.Double)
            return -CompareExactly(right.AsDouble, Exact(left));
        return Exact(left).CompareTo(Exact(right));
    }

    private static decimal Exact(PropertyValue value) => value.Type == PropertyType.Integer ? value.AsInteger : value.AsDecimal;

    /// <summary>Both as fractions of integers: a double is m·2^e, a decimal n/10^s.</summary>
    private static int? CompareExactly(double real, decimal exact)
    {
        if (double.IsNaN(real))
            return null;

        // Far apart is decided without big numbers.
        var near = (double)exact;
        if (IsFar(real, near))
            return real.CompareTo(near);
        var bits = BitConverter.DoubleToInt64Bits(real);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = bits & 0xF_FFFF_FFFF_FFFF;
        mantissa = exponent == 0 ? mantissa : mantissa | 0x10_0000_0000_0000;
        exponent = Math.Max(exponent, 1) - 1075;
        BigInteger left = bits < 0 ? -mantissa : mantissa;
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(exact, parts);
        var right = ((BigInteger)(uint)parts[2] << 64) + ((BigInteger)(uint)parts[1] << 32) + (uint)parts[0];
        if (parts[3] < 0)
            right = -right;
        left *= BigInteger.Pow(10, (parts[3] >> 16) & 0xFF);
        return exponent >= 0 ? (left << exponent).CompareTo(right) : left.CompareTo(right << -exponent);
    }
}
