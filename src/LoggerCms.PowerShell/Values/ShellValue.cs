using System.Collections;
using System.Collections.Specialized;
using System.Globalization;
using System.Management.Automation;

namespace LoggerCms.PowerShell.Values;

/// <summary>Values as a pipeline brings them: wrapped by the shell, or as remoting left them.</summary>
internal static class ShellValue
{
    /// <summary>The plain value. A custom object becomes a dictionary, and a date that came over remoting a date again.</summary>
    public static object? Unwrap(object? value)
    {
        if (value is not PSObject wrapped)
            return value;
        if (wrapped.TypeNames.Contains("Deserialized.System.DateTimeOffset"))
            return Date(wrapped);
        if (wrapped.BaseObject is not PSCustomObject)
            return wrapped.BaseObject;

        var bag = new OrderedDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var property in wrapped.Properties)
            bag[property.Name] = property.Value;
        return bag;
    }

    /// <summary>An argument, or each of a list, as it was before the shell wrapped it.</summary>
    public static IEnumerable<object?> Each(object? argument)
    {
        var plain = Plain(argument);
        return plain is IList list ? list.Cast<object?>().Select(Plain) : [plain];

        static object? Plain(object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
    }

    private static DateTimeOffset Date(PSObject remote)
        => new(
            Convert.ToInt64(remote.Properties["Ticks"].Value, CultureInfo.InvariantCulture),
            LanguagePrimitives.ConvertTo<TimeSpan>(remote.Properties["Offset"].Value));
}
