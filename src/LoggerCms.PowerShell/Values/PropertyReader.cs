using System.Collections;
using System.Collections.Specialized;
using System.Globalization;
using System.Text.Json;

namespace LoggerCms.PowerShell.Values;

/// <summary>Makes the shell's values of the wire's form; the other way of <see cref="PropertyWriter"/>.</summary>
internal static class PropertyReader
{
    /// <summary>The properties by name, whatever the case, in their order.</summary>
    /// <exception cref="LoggerCmsException">InvalidObject: not of that form.</exception>
    public static IDictionary FromJson(JsonElement properties) => properties.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => NewBag(),
        JsonValueKind.Object when Value(properties) is IDictionary bag => bag,
        _ => throw PropertyErrors.Invalid("The properties are not a JSON object of names and values."),
    };

    /// <summary>One value; null for null.</summary>
    /// <exception cref="LoggerCmsException">InvalidObject: not of that form.</exception>
    public static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => Number(element),
        JsonValueKind.Array => element.EnumerateArray().Select(Value).ToArray(),
        _ => Object(element),
    };

    private static object Object(JsonElement element)
    {
        if (Only(element) is { } entry && entry.Name.StartsWith('$'))
        {
            if (entry.Name == "$bag" && entry.Value.ValueKind == JsonValueKind.Object)
                return Bag(entry.Value);
            if (entry.Value.ValueKind == JsonValueKind.String && Untag(entry.Name, entry.Value.GetString()!) is { } value)
                return value;
        }

        return Bag(element);
    }

    private static OrderedDictionary Bag(JsonElement element)
    {
        var bag = NewBag();
        foreach (var entry in element.EnumerateObject())
            bag[entry.Name] = Value(entry.Value);
        return bag;
    }

    private static object Number(JsonElement element)
    {
        if (element.TryGetInt64(out var integer))
            return integer;
        var text = element.GetRawText();
        if (text.Count(char.IsAsciiDigit) <= 28 && !text.Contains('e', StringComparison.OrdinalIgnoreCase) && element.TryGetDecimal(out var exact))
            return exact;
        return element.GetDouble();
    }

    private static object? Untag(string tag, string text)
    {
        switch (tag)
        {
            case "$decimal" when decimal.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var exact):
                // Parsing leaves the sign of a zero out.
                return exact == 0 ? new decimal(0, 0, 0, text.StartsWith('-'), exact.Scale) : exact;
            case "$double" when text.StartsWith("NaN:", StringComparison.Ordinal)
                && long.TryParse(text.AsSpan(4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits):
                return BitConverter.Int64BitsToDouble(bits);
            case "$double" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real):
                return real;
            case "$date" when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date):
                return date;
            case "$guid" when Guid.TryParse(text, out var id):
                return id;
            case "$binary":
                return BinaryOf(text);
            default:
                return tag is "$decimal" or "$double" or "$date" or "$guid"
                    ? throw PropertyErrors.Invalid($"The JSON object of '{tag}' does not hold such a value.")
                    : null;
        }
    }

    private static byte[] BinaryOf(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            throw PropertyErrors.Invalid("The JSON object of '$binary' does not hold base 64.");
        }
    }

    private static JsonProperty? Only(JsonElement element)
    {
        JsonProperty? only = null;
        foreach (var entry in element.EnumerateObject())
        {
            if (only is not null)
                return null;
            only = entry;
        }

        return only;
    }

    private static OrderedDictionary NewBag() => new(StringComparer.OrdinalIgnoreCase);
}
