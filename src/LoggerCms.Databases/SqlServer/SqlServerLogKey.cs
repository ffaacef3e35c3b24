using System.Runtime.InteropServices;
using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Turns the triggers' form of a row key into <see cref="LogKey"/>'s.</summary>
internal static class SqlServerLogKey
{
    /// <summary>The same key with each field of UTF-16 (<c>u</c>) as one of UTF-8 (<c>t</c>).</summary>
    public static string Normalize(string key)
    {
        if (!key.Contains('u', StringComparison.Ordinal))
            return key;
        var fields = key.Split(',');
        for (var i = 0; i < fields.Length; i++)
        {
            if (fields[i].StartsWith('u'))
                fields[i] = Convert(fields[i].AsSpan(1));
        }

        return string.Join(',', fields);
    }

    private static string Convert(ReadOnlySpan<char> hex)
    {
        var chars = MemoryMarshal.Cast<byte, char>(System.Convert.FromHexString(hex));
        var utf8 = new byte[Wtf8.MaxBytes(chars.Length)];
        var length = Wtf8.Encode(chars, utf8);
        return new StringBuilder("t", 1 + (2 * length)).Append(System.Convert.ToHexStringLower(utf8.AsSpan(0, length))).ToString();
    }
}
