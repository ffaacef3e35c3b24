using System.Buffers;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>Collects values and encodes them. Not for use from several threads.</summary>
internal sealed class PropertyBagBuilder
{
    private readonly Dictionary<string, (string Name, PropertyValue Value)> _values = new(StringComparer.OrdinalIgnoreCase);

    public PropertyBagBuilder()
    {
    }

    /// <summary>Begins with all that a bag holds.</summary>
    public PropertyBagBuilder(PropertyBag bag)
    {
        foreach (var (name, value) in bag)
            Set(name, value);
    }

    public bool Contains(string name) => _values.ContainsKey(name);

    /// <summary>Sets a value, in the place of one whose name differs in case at most; no value removes it.</summary>
    public PropertyBagBuilder Set(string name, PropertyValue value)
    {
        if (name.Length is 0 or > PropertyBag.MaxNameLength)
            throw PropertyErrors.Invalid($"A property's name has 1 to {PropertyBag.MaxNameLength} characters, not {name.Length}");
        if (value.IsNone)
            _values.Remove(name);
        else
            _values[name] = (name, value);
        return this;
    }

    public bool Remove(string name) => _values.Remove(name);

    /// <summary>The bag; <c>LimitExceeded</c> beyond its size or depth, <c>InvalidObject</c> for text that has no UTF-8.</summary>
    public PropertyBag Build()
    {
        var entries = _values.Values.ToArray();
        Array.Sort(entries, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        var buffer = new ArrayBufferWriter<byte>();
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

        return PropertyBag.Over(buffer.WrittenSpan.ToArray());
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
