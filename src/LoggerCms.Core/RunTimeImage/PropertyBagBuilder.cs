using System.Buffers;
using System.Runtime.InteropServices;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>Collects values and encodes them. Not for use from several threads.</summary>
internal sealed class PropertyBagBuilder
{
    private const int KeptBuffer = 64 << 10;
    private const int MostSearched = 16;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _spare;

    private readonly List<(string Name, PropertyValue Value)> _values = [];

    // Where the values of a large bag are; null while it is small, and made anew after a removal.
    private Dictionary<string, int>? _places;

    public PropertyBagBuilder()
    {
    }

    /// <summary>Begins with all that a bag holds.</summary>
    public PropertyBagBuilder(PropertyBag bag)
    {
        foreach (var (name, value) in bag)
            Set(name, value);
    }

    public bool Contains(string name) => IndexOf(name) >= 0;

    /// <summary>Sets a value, in the place of one whose name differs in case at most; no value removes it.</summary>
    public PropertyBagBuilder Set(string name, PropertyValue value)
    {
        if (name.Length is 0 or > PropertyBag.MaxNameLength)
            throw PropertyErrors.Invalid($"A property's name has 1 to {PropertyBag.MaxNameLength} characters, not {name.Length}");
        if (value.IsNone)
        {
            Remove(name);
            return this;
        }

        var index = IndexOf(name);
        if (index >= 0)
        {
            _values[index] = (name, value);
        }
        else
        {
            _places?.Add(name, _values.Count);
            _values.Add((name, value));
        }

        return this;
    }

    public bool Remove(string name)
    {
        var index = IndexOf(name);
        if (index < 0)
            return false;
        _values.RemoveAt(index);
        _places = null;
        return true;
    }

    /// <summary>The bag; <c>LimitExceeded</c> beyond its size or depth, <c>InvalidObject</c> for text that has no UTF-8.</summary>
    public PropertyBag Build()
    {
        _places = null;
        var entries = CollectionsMarshal.AsSpan(_values);
        entries.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        var buffer = _spare ?? new ArrayBufferWriter<byte>(1024);
        _spare = null;
        buffer.ResetWrittenCount();
        buffer.GetSpan(1)[0] = PropertyBag.FormatVersion;
        buffer.Advance(1);
        PropertyCodec.WriteVarint(buffer, (ulong)entries.Length);
        foreach (var (name, value) in entries)
        {
            PropertyCodec.WriteText(buffer, name, name);
            PropertyCodec.WriteValue(buffer, value, name);
            if (buffer.WrittenCount > PropertyBag.MaxBytes)
                throw PropertyErrors.TooMuch($"The properties take more than {PropertyBag.MaxBytes} bytes at '{PropertyCodec.Printable(name)}'");
            if (value.Type == PropertyType.Bag && Depth(value.AsBag, 2) > PropertyBag.MaxDepth)
                throw PropertyErrors.TooMuch($"'{PropertyCodec.Printable(name)}' lies more than {PropertyBag.MaxDepth} bags deep");
        }

        var bag = PropertyBag.Over(buffer.WrittenSpan.ToArray());
        if (buffer.Capacity <= KeptBuffer)
            _spare = buffer;
        return bag;
    }

    private int IndexOf(string name)
    {
        if (_values.Count <= MostSearched)
        {
            for (var i = 0; i < _values.Count; i++)
            {
                if (string.Equals(_values[i].Name, name, StringComparison.OrdinalIgnoreCase))
                    return i;
            }

            return -1;
        }

        _places ??= _values.Select(static (v, i) => (v.Name, Index: i)).ToDictionary(static v => v.Name, static v => v.Index, StringComparer.OrdinalIgnoreCase);
        return _places.GetValueOrDefault(name, -1);
    }

    private static int Depth(PropertyBag bag, int depth)
    {
        var deepest = depth;
        foreach (var (_, value) in bag)
        {
            if (value.Type == PropertyType.Bag && depth <= PropertyBag.MaxDepth)
                deepest = Math.Max(deepest, Depth(value.AsBag, depth + 1));
        }

        return deepest;
    }
}
