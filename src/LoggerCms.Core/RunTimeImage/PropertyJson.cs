using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// Property bags as JSON. Strings, integers, booleans, lists and bags are what they look like; the other types are objects of one entry
/// (<c>{"$decimal":"1.00"}</c>, <c>$double</c>, <c>$date</c>, <c>$guid</c>, <c>$binary</c>), and a bag that has a name beginning with <c>$</c> is
/// written <c>{"$bag":{…}}</c>. Plain JSON is accepted: a number with a fraction becomes a decimal where one holds all its digits, else a double;
/// null is refused. What is written comes back the same to the bit, but for the payload of a NaN, which is written as its 64 bits.
/// </summary>
internal static class PropertyJson
{
    // As it is written, and shorter forms of ISO 8601. What leaves the day out would be another one each day.
    private static readonly string[] s_dates = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd"];

    public static string ToText(PropertyBag bag)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, bag);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void Write(Utf8JsonWriter writer, PropertyBag bag)
    {
        var wrapped = bag.Any(static entry => entry.Key[0] == '$');
        if (wrapped)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("$bag");
        }

        writer.WriteStartObject();
        foreach (var (name, value) in bag)
        {
            writer.WritePropertyName(name);
            WriteValue(writer, value);
        }

        writer.WriteEndObject();
        if (wrapped)
            writer.WriteEndObject();
    }

    public static void WriteValue(Utf8JsonWriter writer, PropertyValue value)
    {
        switch (value.Type)
        {
            case PropertyType.None:
                writer.WriteNullValue();
                break;
            case PropertyType.String:
                writer.WriteStringValue(value.AsString);
                break;
            case PropertyType.Integer:
                writer.WriteNumberValue(value.AsInteger);
                break;
            case PropertyType.Boolean:
                writer.WriteBooleanValue(value.AsBoolean);
                break;
            case PropertyType.List:
                writer.WriteStartArray();
                foreach (var item in value.AsList)
                    WriteValue(writer, item);
                writer.WriteEndArray();
                break;
            case PropertyType.Bag:
                Write(writer, value.AsBag);
                break;
            default:
                var (tag, text) = Tagged(value);
                writer.WriteStartObject();
                writer.WriteString(tag, text);
                writer.WriteEndObject();
                break;
        }
    }

    public static PropertyBag Parse(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = (4 * PropertyBag.MaxDepth) + 4 });
        try
        {
            reader.Read();
            var bag = Read(ref reader);
            return reader.Read() ? throw PropertyErrors.Invalid("Something follows the JSON of the properties") : bag;
        }
        catch (JsonException exception)
        {
            throw PropertyErrors.Invalid(
                $"The properties are not JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}", exception);
        }
    }

    /// <summary>Reads the object that the reader stands at the beginning of; leaves it at the object's end. <see cref="JsonException"/> where it is no JSON.</summary>
    public static PropertyBag Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw PropertyErrors.Invalid("The properties are not a JSON object");
        if (PlainPropertyJson.TryRead(ref reader) is { } plain)
            return plain;
        var value = ReadObject(ref reader, 1);
        return value.Type == PropertyType.Bag
            ? value.AsBag
            : throw PropertyErrors.Invalid($"The properties are a single {value.Type}, not a JSON object");
    }

    private static PropertyValue ReadObject(ref Utf8JsonReader reader, int depth)
    {
        if (depth > PropertyBag.MaxDepth)
            throw PropertyErrors.TooMuch($"Property bags lie more than {PropertyBag.MaxDepth} deep in each other");
        var builder = new PropertyBagBuilder();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(ref reader);
            reader.Read();
            if (name.StartsWith('$') && TryReadTagged(ref reader, name, depth, out var single))
                return single;
            var value = ReadValue(ref reader, name, depth);
            if (builder.Contains(name))
                throw PropertyErrors.Invalid($"The property '{PropertyCodec.Printable(name)}' is there twice");
            builder.Set(name, value);
        }

        return builder.Build();
    }

    private static PropertyValue ReadValue(ref Utf8JsonReader reader, string name, int depth)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                throw PropertyErrors.Invalid($"'{PropertyCodec.Printable(name)}' is null, which is no value; a property is taken away by its name in RemoveProperties");
            case JsonTokenType.String:
                return Text(ref reader);
            case JsonTokenType.True:
            case JsonTokenType.False:
                return reader.GetBoolean();
            case JsonTokenType.Number:
                return ReadNumber(ref reader, name);
            case JsonTokenType.StartArray:
                var items = new List<PropertyValue>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items.Add(ReadValue(ref reader, name, depth));
                return PropertyValue.List(items);
            case JsonTokenType.StartObject:
                return ReadObject(ref reader, depth + 1);
            default:
                throw PropertyErrors.Invalid($"'{PropertyCodec.Printable(name)}' has no JSON value");
        }
    }

    /// <summary>Bytes that are no UTF-8 or half an escaped surrogate pair reach us as <see cref="InvalidOperationException"/>.</summary>
    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw PropertyErrors.Invalid("A text in the JSON is not Unicode", exception);
        }
    }

    private static PropertyValue ReadNumber(ref Utf8JsonReader reader, string name)
    {
        if (reader.TryGetInt64(out var integer))
            return integer;
        var text = reader.ValueSpan;
        var digits = 0;
        foreach (var c in text)
            digits += c is >= (byte)'0' and <= (byte)'9' ? 1 : 0;
        if (digits <= 28 && text.IndexOfAny((byte)'e', (byte)'E') < 0 && reader.TryGetDecimal(out var exact))
            return exact;
        return reader.TryGetDouble(out var real) && double.IsFinite(real)
            ? real
            : throw PropertyErrors.Invalid($"The number of '{PropertyCodec.Printable(name)}' is out of range");
    }

    /// <summary>An object of one entry whose name is one of ours; the reader is left at the object's end.</summary>
    private static bool TryReadTagged(ref Utf8JsonReader reader, string tag, int depth, out PropertyValue value)
    {
        value = default;
        if (tag == "$bag" && reader.TokenType == JsonTokenType.StartObject)
            value = ReadPlain(ref reader, depth);
        else if (tag is "$decimal" or "$double" or "$date" or "$guid" or "$binary")
            value = reader.TokenType == JsonTokenType.String ? Untag(tag, Text(ref reader)) : throw NotATag(tag);
        else
            return false;
        if (!reader.Read() || reader.TokenType != JsonTokenType.EndObject)
            throw PropertyErrors.Invalid($"Something stands beside '{tag}' in one JSON object");
        return true;
    }

    private static PropertyValue ReadPlain(ref Utf8JsonReader reader, int depth)
    {
        var builder = new PropertyBagBuilder();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Text(ref reader);
            reader.Read();
            if (builder.Contains(name))
                throw PropertyErrors.Invalid($"The property '{PropertyCodec.Printable(name)}' is there twice");
            builder.Set(name, ReadValue(ref reader, name, depth));
        }

        return builder.Build();
    }

    private static (string Tag, string Text) Tagged(PropertyValue value) => value.Type switch
    {
        PropertyType.Decimal => ("$decimal", DecimalText(value.AsDecimal)),
        PropertyType.Double when double.IsNaN(value.AsDouble)
            => ("$double", $"NaN:{BitConverter.DoubleToInt64Bits(value.AsDouble):X16}"),
        PropertyType.Double => ("$double", value.AsDouble.ToString("R", CultureInfo.InvariantCulture)),
        PropertyType.Date => ("$date", value.AsDate.ToString("O", CultureInfo.InvariantCulture)),
        PropertyType.Guid => ("$guid", value.AsGuid.ToString("D")),
        _ => ("$binary", Convert.ToBase64String(value.AsBinary)),
    };

    private static PropertyValue Untag(string tag, string text)
    {
        switch (tag)
        {
            case "$decimal" when decimal.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var exact)
                && Digits(text).SequenceEqual(Digits(DecimalText(exact))):
                return exact == 0 ? new decimal(0, 0, 0, text.StartsWith('-'), exact.Scale) : exact;
            case "$double" when text.StartsWith("NaN:", StringComparison.Ordinal)
                && long.TryParse(text.AsSpan(4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits)
                && double.IsNaN(BitConverter.Int64BitsToDouble(bits)):
                return BitConverter.Int64BitsToDouble(bits);
            case "$double" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real):
                return real;
            case "$date" when DateTimeOffset.TryParseExact(
                text, s_dates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date):
                return date;
            case "$guid" when Guid.TryParse(text, out var guid):
                return guid;
            case "$binary":
                var bytes = new byte[text.Length];
                if (Convert.TryFromBase64String(text, bytes, out var count))
                    return bytes.AsSpan(0, count).ToArray();
                break;
        }

        throw NotATag(tag);
    }

    /// <summary>The sign on its own: the runtime leaves that of a zero out.</summary>
    private static string DecimalText(decimal value)
        => (decimal.IsNegative(value) ? "-" : "") + decimal.Abs(value).ToString(CultureInfo.InvariantCulture);

    /// <summary>All digits but leading zeros: parsing rounds what a decimal cannot hold, and then they differ.</summary>
    private static ReadOnlySpan<char> Digits(string text) => text.AsSpan().TrimStart("+-").TrimStart('0');

    private static LoggerCmsException NotATag(string tag) => PropertyErrors.Invalid($"The JSON object of '{tag}' does not hold such a value");
}
