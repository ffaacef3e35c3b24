using System.Collections;
using System.Text;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// Named typed values over their encoded bytes. Names are kept as given and are unique whatever the case. A lookup walks the entries' heads and
/// decodes one value. Two bags are equal when their bytes are.
/// </summary>
internal sealed class PropertyBag : IEquatable<PropertyBag>, IEnumerable<KeyValuePair<string, PropertyValue>>
{
    public const byte FormatVersion = 1;

    /// <summary>Bytes of an encoded bag.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Bags within bags, the outermost counted.</summary>
    public const int MaxDepth = 16;

    /// <summary>UTF-16 units of one name.</summary>
    public const int MaxNameLength = 255;

    public static readonly PropertyBag Empty = new([FormatVersion, 0], 1, 2);

    private readonly byte[] _data;
    private readonly int _start;
    private readonly int _end;

    /// <summary>A bag's body (count and entries) within an array that nobody writes to.</summary>
    internal PropertyBag(byte[] data, int start, int end)
    {
        _data = data;
        _start = start;
        _end = end;
    }

    public int Count
    {
        get
        {
            var at = _start;
            return (int)Math.Min(int.MaxValue, PropertyCodec.ReadVarint(_data, ref at, _end));
        }
    }

    internal ReadOnlySpan<byte> Body => _data.AsSpan(_start, _end - _start);

    /// <summary>Bytes of all entries.</summary>
    internal int EntriesLength
    {
        get
        {
            var at = _start;
            PropertyCodec.ReadVarint(_data, ref at, _end);
            return _end - at;
        }
    }

    /// <summary>
    /// Over encoded bytes that were checked when they came in: of these only the version is looked at now. Empty bytes are the empty bag.
    /// Damage found later is an <c>InvalidObject</c>, never a read beyond the end.
    /// </summary>
    public static PropertyBag Over(byte[] encoded)
    {
        if (encoded.Length == 0)
            return Empty;
        if (ReferenceEquals(encoded, CmsObject.NotInMemory))
            throw PropertyErrors.NotInMemory();
        return encoded[0] == FormatVersion ? new PropertyBag(encoded, 1, encoded.Length) : throw PropertyErrors.UnknownVersion(encoded[0]);
    }

    /// <summary>Over encoded bytes from outside: all of it is checked, and what is not the one right form is refused with <c>InvalidObject</c>.</summary>
    public static PropertyBag Decode(byte[] encoded)
    {
        if (encoded.Length > MaxBytes)
            throw PropertyErrors.TooMuch($"The property bag has {encoded.Length} bytes; at most {MaxBytes} are allowed");
        var bag = Over(encoded);
        bag.Check(1);
        return bag;
    }

    /// <summary>The encoded form; empty for the empty bag. Nobody may write to it.</summary>
    public byte[] Encode()
    {
        if (Body is [0])
            return [];
        if (_start == 1 && _end == _data.Length)
            return _data;
        var encoded = new byte[1 + Body.Length];
        encoded[0] = FormatVersion;
        Body.CopyTo(encoded.AsSpan(1));
        return encoded;
    }

    public bool Has(ReadOnlySpan<char> name) => TryFind(name, out _);

    public bool TryGet(ReadOnlySpan<char> name, out PropertyValue value)
    {
        var isThere = TryFind(name, out var entry);
        value = isThere ? PropertyCodec.ReadValue(_data, entry.Type, entry.ValueStart, entry.ValueLength) : default;
        return isThere;
    }

    private bool TryFind(ReadOnlySpan<char> name, out PropertyEntry entry)
    {
        var at = _start;
        for (var left = PropertyCodec.ReadVarint(_data, ref at, _end); left > 0; left--)
        {
            entry = PropertyCodec.ReadEntry(_data, ref at, _end);
            if (IsNamed(entry, name))
                return true;
        }

        entry = default;
        return false;
    }

    /// <summary>The value at <c>Outer.Inner</c>; a name that itself holds dots comes before the path that it looks like. None where there is nothing.</summary>
    public PropertyValue Find(ReadOnlySpan<char> path)
    {
        if (TryGet(path, out var value))
            return value;
        for (var dot = path.IndexOf('.'); dot > 0 && dot < path.Length - 1;)
        {
            if (TryGet(path[..dot], out var outer) && outer.Type == PropertyType.Bag && outer.AsBag.Find(path[(dot + 1)..]) is { IsNone: false } inner)
                return inner;
            var next = path[(dot + 1)..].IndexOf('.');
            dot = next < 0 ? -1 : dot + 1 + next;
        }

        return default;
    }

    /// <summary>Where the encoded entries lie, in order.</summary>
    internal EntryRanges Entries() => new(_data, _start, _end);

    internal ReadOnlySpan<byte> BytesOf(Range entry) => _data.AsSpan(entry);

    /// <summary>The name of an entry, as UTF-8.</summary>
    internal ReadOnlySpan<byte> NameOf(Range entry)
    {
        var at = entry.Start.Value;
        var length = PropertyCodec.ReadLength(_data, ref at, _end);
        return _data.AsSpan(at, length);
    }

    public bool Equals(PropertyBag? other) => other is not null && Body.SequenceEqual(other.Body);

    public override bool Equals(object? obj) => Equals(obj as PropertyBag);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Body);
        return hash.ToHashCode();
    }

    public IEnumerator<KeyValuePair<string, PropertyValue>> GetEnumerator()
    {
        var at = _start;
        for (var left = PropertyCodec.ReadVarint(_data, ref at, _end); left > 0; left--)
        {
            var entry = PropertyCodec.ReadEntry(_data, ref at, _end);
            var name = PropertyCodec.ReadText(_data.AsSpan(entry.NameStart, entry.NameLength), entry.NameStart);
            yield return KeyValuePair.Create(name, PropertyCodec.ReadValue(_data, entry.Type, entry.ValueStart, entry.ValueLength));
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public string ToJson() => PropertyJson.ToText(this);

    private bool IsNamed(PropertyEntry entry, ReadOnlySpan<char> name)
    {
        var utf8 = _data.AsSpan(entry.NameStart, entry.NameLength);
        if (Ascii.EqualsIgnoreCase(utf8, name))
            return true;
        if (Ascii.IsValid(utf8) || entry.NameLength > 3 * MaxNameLength)
            return false;
        Span<char> chars = stackalloc char[3 * MaxNameLength];
        return Encoding.UTF8.TryGetChars(utf8, chars, out var count)
            && name.Equals(chars[..count], StringComparison.OrdinalIgnoreCase);
    }

    private void Check(int depth)
    {
        if (depth > MaxDepth)
            throw PropertyErrors.TooMuch($"Property bags lie more than {MaxDepth} deep in each other");
        var at = _start;
        var count = PropertyCodec.ReadVarint(_data, ref at, _end);
        if (count > (ulong)(_end - at) / 3)
            throw PropertyErrors.Damaged("it claims more entries than there are bytes", at);
        var names = new HashSet<string>((int)count, StringComparer.OrdinalIgnoreCase);
        string? last = null;
        for (var left = count; left > 0; left--)
        {
            var entry = PropertyCodec.ReadEntry(_data, ref at, _end);
            var name = PropertyCodec.ReadText(_data.AsSpan(entry.NameStart, entry.NameLength), entry.NameStart);
            if (name.Length is 0 or > MaxNameLength)
                throw PropertyErrors.Damaged("a name is empty or too long", entry.NameStart);
            if (string.CompareOrdinal(last, name) >= 0 || !names.Add(name))
                throw PropertyErrors.Damaged($"'{PropertyCodec.Printable(name)}' is there twice or out of order", entry.NameStart);
            last = name;
            var value = PropertyCodec.ReadValue(_data, entry.Type, entry.ValueStart, entry.ValueLength);
            if (value.Type == PropertyType.Bag)
                value.AsBag.Check(depth + 1);
        }

        if (at != _end)
            throw PropertyErrors.Damaged("bytes follow the last entry", at);
    }

    /// <summary>Walks the entries' heads, for <c>foreach</c>.</summary>
    internal struct EntryRanges(byte[] data, int start, int end)
    {
        private int _at = start;
        private ulong _left;
        private bool _begun;

        public Range Current { get; private set; }

        public readonly EntryRanges GetEnumerator() => this;

        public bool MoveNext()
        {
            if (!_begun)
                (_begun, _left) = (true, PropertyCodec.ReadVarint(data, ref _at, end));
            if (_left == 0)
                return false;
            _left--;
            var first = _at;
            PropertyCodec.ReadEntry(data, ref _at, end);
            Current = first.._at;
            return true;
        }
    }
}
