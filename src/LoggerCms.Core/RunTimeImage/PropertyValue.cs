using System.Globalization;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>One typed value of a property bag. Equal means: of the same type and the same to the bit.</summary>
internal readonly struct PropertyValue : IEquatable<PropertyValue>
{
    private readonly long _bits;
    private readonly object? _object;

    private PropertyValue(PropertyType type, long bits, object? value)
    {
        Type = type;
        _bits = bits;
        _object = value;
    }

    public PropertyType Type { get; }

    public bool IsNone => Type == PropertyType.None;

    public string AsString => (string)Of(PropertyType.String)!;

    public long AsInteger => Bits(PropertyType.Integer);

    public decimal AsDecimal => (decimal)Of(PropertyType.Decimal)!;

    public double AsDouble => BitConverter.Int64BitsToDouble(Bits(PropertyType.Double));

    public bool AsBoolean => Bits(PropertyType.Boolean) != 0;

    public DateTimeOffset AsDate => (DateTimeOffset)Of(PropertyType.Date)!;

    public Guid AsGuid => (Guid)Of(PropertyType.Guid)!;

    /// <summary>The value's own array: nobody may write to it.</summary>
    public byte[] AsBinary => (byte[])Of(PropertyType.Binary)!;

    public IReadOnlyList<PropertyValue> AsList => (PropertyValue[])Of(PropertyType.List)!;

    public PropertyBag AsBag => (PropertyBag)Of(PropertyType.Bag)!;

    public static implicit operator PropertyValue(string value) => new(PropertyType.String, 0, value);

    public static implicit operator PropertyValue(long value) => new(PropertyType.Integer, value, null);

    public static implicit operator PropertyValue(int value) => new(PropertyType.Integer, value, null);

    public static implicit operator PropertyValue(decimal value) => new(PropertyType.Decimal, 0, value);

    public static implicit operator PropertyValue(double value) => new(PropertyType.Double, BitConverter.DoubleToInt64Bits(value), null);

    public static implicit operator PropertyValue(bool value) => new(PropertyType.Boolean, value ? 1 : 0, null);

    public static implicit operator PropertyValue(Guid value) => new(PropertyType.Guid, 0, value);

    public static implicit operator PropertyValue(byte[] value) => new(PropertyType.Binary, 0, value);

    public static implicit operator PropertyValue(PropertyBag value) => new(PropertyType.Bag, 0, value);

    /// <summary>The offset is kept and must be whole minutes, which is all that a <see cref="DateTimeOffset"/> can hold.</summary>
    public static implicit operator PropertyValue(DateTimeOffset value) => new(PropertyType.Date, 0, value);

    public static bool operator ==(PropertyValue left, PropertyValue right) => left.Equals(right);

    public static bool operator !=(PropertyValue left, PropertyValue right) => !left.Equals(right);

    /// <summary>A list; <c>InvalidObject</c> where it holds a list, a bag or nothing.</summary>
    public static PropertyValue List(IEnumerable<PropertyValue> values)
    {
        var array = values.ToArray();
        foreach (var value in array)
        {
            if (value.Type is PropertyType.List or PropertyType.Bag or PropertyType.None)
                throw PropertyErrors.Invalid($"A list in a property bag holds single values, not a {value.Type}");
        }

        return new PropertyValue(PropertyType.List, 0, array);
    }

    public bool Equals(PropertyValue other)
    {
        if (Type != other.Type)
            return false;
        return Type switch
        {
            PropertyType.None or PropertyType.Integer or PropertyType.Double or PropertyType.Boolean => _bits == other._bits,
            PropertyType.String => string.Equals(AsString, other.AsString, StringComparison.Ordinal),
            PropertyType.Decimal => SameBits(AsDecimal, other.AsDecimal),
            PropertyType.Date => AsDate.EqualsExact(other.AsDate),
            PropertyType.Binary => AsBinary.AsSpan().SequenceEqual(other.AsBinary),
            PropertyType.List => AsList.SequenceEqual(other.AsList),
            _ => Equals(_object, other._object),
        };
    }

    public override bool Equals(object? obj) => obj is PropertyValue other && Equals(other);

    public override int GetHashCode() => Type switch
    {
        PropertyType.Binary => HashCode.Combine(Type, AsBinary.Length),
        PropertyType.List => HashCode.Combine(Type, AsList.Count),
        _ => HashCode.Combine(Type, _bits, _object),
    };

    /// <summary>The value as text for a person; not for reading back.</summary>
    public override string ToString() => Type switch
    {
        PropertyType.None => "",
        PropertyType.Integer => AsInteger.ToString(CultureInfo.InvariantCulture),
        PropertyType.Double => AsDouble.ToString("R", CultureInfo.InvariantCulture),
        PropertyType.Boolean => AsBoolean ? "true" : "false",
        PropertyType.Date => AsDate.ToString("O", CultureInfo.InvariantCulture),
        PropertyType.Binary => Convert.ToBase64String(AsBinary),
        PropertyType.List => string.Join(", ", AsList),
        PropertyType.Bag => AsBag.ToJson(),
        _ => Convert.ToString(_object, CultureInfo.InvariantCulture) ?? "",
    };

    private static bool SameBits(decimal left, decimal right)
    {
        Span<int> a = stackalloc int[4];
        Span<int> b = stackalloc int[4];
        decimal.GetBits(left, a);
        decimal.GetBits(right, b);
        return a.SequenceEqual(b);
    }

    private object? Of(PropertyType type)
        => Type == type ? _object : throw new InvalidOperationException($"The value is a {Type}, not a {type}.");

    private long Bits(PropertyType type)
        => Type == type ? _bits : throw new InvalidOperationException($"The value is a {Type}, not a {type}.");
}
