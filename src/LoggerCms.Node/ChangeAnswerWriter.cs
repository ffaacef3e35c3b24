using System.Text.Json;
using LoggerCms.Core.Cluster;

namespace LoggerCms.Node;

/// <summary>What became of a change as it goes over the wire: <see cref="CmsChangeAnswer"/>, written without one.</summary>
internal static class ChangeAnswerWriter
{
    private static readonly JsonEncodedText Changed = JsonEncodedText.Encode(nameof(CmsChangeAnswer.Changed));
    private static readonly JsonEncodedText Repeated = JsonEncodedText.Encode(nameof(CmsChangeAnswer.Repeated));
    private static readonly JsonEncodedText DurableOn = JsonEncodedText.Encode(nameof(CmsChangeAnswer.DurableOn));
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode(nameof(CmsChangedObject.Id));
    private static readonly JsonEncodedText Version = JsonEncodedText.Encode(nameof(CmsChangedObject.Version));
    private static readonly JsonEncodedText UpdateKey = JsonEncodedText.Encode(nameof(CmsChangedObject.UpdateKey));

    public static void Write(Utf8JsonWriter writer, WriteAnswer answer, int durableOn)
    {
        writer.WriteStartObject();
        writer.WriteStartArray(Changed);
        foreach (var one in answer.Changed)
        {
            writer.WriteStartObject();
            writer.WriteNumber(Id, one.Id);
            writer.WriteNumber(Version, one.Version);
            writer.WriteNumber(UpdateKey, one.UpdateKey);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteBoolean(Repeated, answer.Repeated);
        writer.WriteNumber(DurableOn, durableOn);
        writer.WriteEndObject();
    }
}
