using System.Buffers;
using System.Text;
using System.Text.Json;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>An object as JSON, for reports; of a user all but what its password could be guessed from.</summary>
internal static class ObjectJson
{
    public static string ToText(CmsObject value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("Id", value.Id);
            writer.WriteString("Cuid", value.Cuid);
            writer.WriteString("Kind", value.Kind);
            writer.WriteString("Name", value.Name);
            writer.WriteNumber("ParentId", value.ParentId);
            writer.WriteNumber("OwnerId", value.OwnerId);
            writer.WriteNumber("Version", value.Version);
            writer.WriteNumber("UpdateKey", value.UpdateKey);
            if (!value.IsSkeleton)
            {
                writer.WritePropertyName("Properties");
                PropertyJson.Write(writer, PasswordRecord.Without(value));
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
