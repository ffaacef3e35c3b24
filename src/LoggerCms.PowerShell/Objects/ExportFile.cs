using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace LoggerCms.PowerShell.Objects;

/// <summary>
/// The lines of an export: one that says what it is, one an object (folders before what is in them), and one that says how many there were and the
/// SHA-256 of all lines before it, each with its line feed. Without the last one the export was cut off.
/// </summary>
internal static class ExportFile
{
    public const string Format = "LoggerCms.Objects";
    public const int Version = 1;

    public static string Header(CmsObjectInfo root, bool includesRights)
        => Text(writer =>
        {
            writer.WriteString("Format", Format);
            writer.WriteNumber("Version", Version);
            writer.WriteString("Path", root.Path);
            writer.WriteNumber("Id", root.Id);
            if (includesRights)
                writer.WriteBoolean("Rights", true);
        });

    public static string Object(CmsObjectInfo one) => JsonSerializer.Serialize(one, CmsJson.Default.CmsObjectInfo);

    public static string End(long objects, IncrementalHash hash)
        => Text(writer =>
        {
            writer.WriteBoolean("End", true);
            writer.WriteNumber("Objects", objects);
            writer.WriteString("Sha256", Hexadecimal(hash));
        });

    public static void Add(IncrementalHash hash, string line) => hash.AppendData(Encoding.UTF8.GetBytes(line + "\n"));

    public static string Hexadecimal(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetCurrentHash());

    /// <summary>What a line is.</summary>
    /// <exception cref="LoggerCmsException">InvalidObject or FormatNotSupported, naming the line.</exception>
    public static (ExportLine Kind, CmsObjectInfo? Object, long Objects, string? Sha256) Read(string line, long number)
    {
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 1000 });
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("Format", out var format))
            {
                return format.GetString() == Format && root.GetProperty("Version").GetInt32() == Version
                    ? (ExportLine.Header, null, 0, null)
                    : throw new LoggerCmsException(
                        ErrorCodes.FormatNotSupported,
                        $"Line {number} says {format} version {root.GetProperty("Version")}; this module reads {Format} version {Version.ToString(CultureInfo.InvariantCulture)}.",
                        "Export it again with this release, or import it with the release that wrote it.");
            }

            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("End", out _))
                return (ExportLine.End, null, root.GetProperty("Objects").GetInt64(), root.GetProperty("Sha256").GetString());
            var found = JsonSerializer.Deserialize(line, CmsJson.Default.CmsObjectInfo) ?? throw new JsonException("It is null.");
            return (ExportLine.Object, found, 0, null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidObject, $"Line {number} is no object of an export: {e.Message}", "Give the lines that Export-CmsObject wrote.", innerException: e);
        }
    }

    private static string Text(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}

/// <summary>What a line of an export is.</summary>
internal enum ExportLine
{
    Header,
    Object,
    End,
}
