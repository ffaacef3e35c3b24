using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json;

namespace LoggerCms.PowerShell.Values;

/// <summary>
/// Makes the wire's form (see <see cref="CmsObjectInfo.Properties"/>) of the shell's values, each with its type and to the bit. What has no exact
/// form is refused, never rounded or turned into text.
/// </summary>
internal static class PropertyWriter
{
    private const int MostDepth = 16;
    private const int MostShown = 120;

    /// <summary>The properties that have a value; null values are left out.</summary>
    /// <exception cref="LoggerCmsException">InvalidObject, naming the property.</exception>
    public static JsonElement ToJson(IDictionary properties)
    {
        var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { MaxDepth = 1000 }))
            WriteBag(writer, properties, "", 0);
        using var document = JsonDocument.Parse(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), new JsonDocumentOptions { MaxDepth = 1000 });
        return document.RootElement.Clone();
    }

    /// <summary>The names that come with no value: in a change they are properties to take away.</summary>
    public static IReadOnlyList<string> NamesWithoutValue(IDictionary properties)
        => [.. Entries(properties, "").Where(entry => entry.Value is null).Select(entry => entry.Name)];

    private static void WriteBag(Utf8JsonWriter writer, IDictionary bag, string path, int depth)
    {
        if (depth > MostDepth)
            throw PropertyErrors.Invalid($"The property '{path}' holds hashtables more than {MostDepth} deep in each other.");
        var entries = Entries(bag, path).Where(entry => entry.Value is not null).ToList();
        // A name that begins with $ would look like one of the wire's own tags.
        var wrapped = entries.Exists(entry => entry.Name.StartsWith('$'));
        if (wrapped)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("$bag");
        }

        writer.WriteStartObject();
        foreach (var (name, value) in entries)
        {
            writer.WritePropertyName(name);
            WriteValue(writer, value!, Join(path, name), depth);
        }

        writer.WriteEndObject();
        if (wrapped)
            writer.WriteEndObject();
    }

    private static void WriteValue(Utf8JsonWriter writer, object value, string path, int depth)
    {
        switch (value)
        {
            case string or char:
                writer.WriteStringValue(Text(value.ToString()!, path));
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case SwitchParameter flag:
                writer.WriteBooleanValue(flag.IsPresent);
                break;
            case Enum word:
                writer.WriteStringValue(word.ToString());
                break;
            case sbyte or byte or short or ushort or int or uint or long:
                writer.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case ulong or BigInteger:
                var large = value is ulong unsigned ? unsigned : (BigInteger)value;
                writer.WriteNumberValue(large >= long.MinValue && large <= long.MaxValue
                    ? (long)large
                    : throw PropertyErrors.Invalid($"The property '{path}' is {large}, which is no integer of 64 bits."));
                break;
            case decimal exact:
                Tag(writer, "$decimal", (decimal.IsNegative(exact) ? "-" : "") + decimal.Abs(exact).ToString(CultureInfo.InvariantCulture));
                break;
            case double or float:
                var real = value is float single ? single : (double)value;
                Tag(writer, "$double", double.IsNaN(real) ? $"NaN:{BitConverter.DoubleToInt64Bits(real):X16}" : real.ToString("R", CultureInfo.InvariantCulture));
                break;
            case DateTimeOffset date:
                Tag(writer, "$date", date.ToString("O", CultureInfo.InvariantCulture));
                break;
            case DateTime date:
                Tag(writer, "$date", new DateTimeOffset(date).ToString("O", CultureInfo.InvariantCulture));
                break;
            case Guid id:
                Tag(writer, "$guid", id.ToString("D"));
                break;
            case byte[] bytes:
                Tag(writer, "$binary", Convert.ToBase64String(bytes));
                break;
            case IDictionary bag:
                WriteBag(writer, bag, path, depth + 1);
                break;
            case IEnumerable list:
                WriteList(writer, list, path, depth);
                break;
            default:
                throw PropertyErrors.Invalid($"The property '{path}' is a {value.GetType().Name}, which an object cannot hold.");
        }
    }

    private static void WriteList(Utf8JsonWriter writer, IEnumerable list, string path, int depth)
    {
        writer.WriteStartArray();
        foreach (var item in list)
        {
            var value = ShellValue.Unwrap(item);
            if (value is null or IDictionary or (IEnumerable and not string and not byte[]))
                throw PropertyErrors.Invalid($"The list '{path}' holds {(value is null ? "nothing" : $"a {value.GetType().Name}")}; a list holds single values.");
            WriteValue(writer, value, path, depth);
        }

        writer.WriteEndArray();
    }

    private static IEnumerable<(string Name, object? Value)> Entries(IDictionary bag, string path)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in bag)
        {
            var name = ShellValue.Unwrap(entry.Key) as string ?? Convert.ToString(entry.Key, CultureInfo.InvariantCulture)!;
            if (!UnicodeText.IsWhole(name))
                throw PropertyErrors.Invalid($"The name of the property '{Shown(Join(path, name))}' holds half a surrogate pair and is no Unicode text.");
            if (name.Length == 0)
                throw PropertyErrors.Invalid($"A property{(path.Length > 0 ? $" of '{path}'" : "")} has no name.");
            if (!names.Add(name))
                throw PropertyErrors.Invalid($"The property '{Join(path, name)}' is there twice.");
            yield return (name, ShellValue.Unwrap(entry.Value));
        }
    }

    // The writer would put U+FFFD in the place of half a surrogate pair and say nothing.
    private static string Text(string text, string path)
        => UnicodeText.IsWhole(text) ? text : throw PropertyErrors.Invalid($"The property '{path}' is '{Shown(text)}', which holds half a surrogate pair and is no Unicode text.");

    // An error with the half in it could not be written to a file either.
    private static string Shown(string text)
    {
        var whole = UnicodeText.Shown(text);
        return whole.Length > MostShown ? $"{whole[..MostShown]}…" : whole;
    }

    private static void Tag(Utf8JsonWriter writer, string tag, string text)
    {
        writer.WriteStartObject();
        writer.WriteString(tag, text);
        writer.WriteEndObject();
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
