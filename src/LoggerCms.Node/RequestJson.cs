using System.Text.Json;
using System.Text.Json.Serialization;

namespace LoggerCms.Node;

/// <summary>
/// How requests are read: as <see cref="CmsJson"/> has them, with every field known and none there twice. What is misspelt would be taken for left out, and
/// with it the protection that was asked for. Answers are read without that, because a newer node tells more.
/// </summary>
internal static class RequestJson
{
    public static CmsJson Form { get; } = new(new JsonSerializerOptions(CmsJson.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
    });
}
