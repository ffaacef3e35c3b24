using System.Globalization;
using System.Text;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>A key as errors show it.</summary>
internal static class KeyText
{
    public static string Format(ReadOnlySpan<byte> key)
    {
        var parts = new List<string>();
        var reader = new CanonicalReader(key);
        Span<byte> text = stackalloc byte[SqliteText.MaxLength];
        while (reader.Read())
        {
            parts.Add(reader.Tag switch
            {
                FieldTag.Null => "NULL",
                FieldTag.Boolean => reader.Boolean ? "1" : "0",
                FieldTag.Integer => reader.Int64.ToString(CultureInfo.InvariantCulture),
                FieldTag.Double => reader.Double.ToString("R", CultureInfo.InvariantCulture),
                FieldTag.Single => reader.Single.ToString("R", CultureInfo.InvariantCulture),
                FieldTag.Text or FieldTag.Decimal => $"'{Encoding.UTF8.GetString(reader.Payload)}'",
                FieldTag.Binary => $"x'{Convert.ToHexStringLower(reader.Payload)}'",
                _ => $"'{Encoding.ASCII.GetString(text[..SqliteRowWriter.WriteText(ref reader, text)])}'",
            });
        }

        return string.Join(", ", parts);
    }
}
