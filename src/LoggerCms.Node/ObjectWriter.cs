using System.Text.Json;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Node;

/// <summary>Objects as they go over the wire: <see cref="CmsObjectInfo"/>, written without one.</summary>
internal static class ObjectWriter
{
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode(nameof(CmsObjectInfo.Id));
    private static readonly JsonEncodedText Cuid = JsonEncodedText.Encode(nameof(CmsObjectInfo.Cuid));
    private static readonly JsonEncodedText Kind = JsonEncodedText.Encode(nameof(CmsObjectInfo.Kind));
    private static readonly JsonEncodedText Name = JsonEncodedText.Encode(nameof(CmsObjectInfo.Name));
    private static readonly JsonEncodedText Path = JsonEncodedText.Encode(nameof(CmsObjectInfo.Path));
    private static readonly JsonEncodedText ParentId = JsonEncodedText.Encode(nameof(CmsObjectInfo.ParentId));
    private static readonly JsonEncodedText OwnerId = JsonEncodedText.Encode(nameof(CmsObjectInfo.OwnerId));
    private static readonly JsonEncodedText Owner = JsonEncodedText.Encode(nameof(CmsObjectInfo.Owner));
    private static readonly JsonEncodedText Version = JsonEncodedText.Encode(nameof(CmsObjectInfo.Version));
    private static readonly JsonEncodedText UpdateKey = JsonEncodedText.Encode(nameof(CmsObjectInfo.UpdateKey));
    private static readonly JsonEncodedText Created = JsonEncodedText.Encode(nameof(CmsObjectInfo.Created));
    private static readonly JsonEncodedText Modified = JsonEncodedText.Encode(nameof(CmsObjectInfo.Modified));
    private static readonly JsonEncodedText Properties = JsonEncodedText.Encode(nameof(CmsObjectInfo.Properties));

    /// <param name="writer">Where to.</param>
    /// <param name="access">Of whoever reads it: where names are found, and who may be named.</param>
    /// <param name="value">The object.</param>
    /// <param name="withRights">Its owner, access list and groups too, as <see cref="CmsObjectRights"/> and <see cref="CmsGroupName"/>.</param>
    public static void Write(Utf8JsonWriter writer, AccessContext access, CmsObject value, bool withRights = false)
    {
        var view = access.View;
        writer.WriteStartObject();
        writer.WriteNumber(Id, value.Id);
        writer.WriteString(Cuid, value.Cuid);
        writer.WriteString(Kind, value.Kind);
        writer.WriteString(Name, value.Name);
        writer.WriteString(Path, ObjectPaths.Of(view, value));
        writer.WriteNumber(ParentId, value.ParentId);
        writer.WriteNumber(OwnerId, value.OwnerId);
        writer.WriteString(Owner, Named(access, value.OwnerId)?.Name ?? "");
        writer.WriteNumber(Version, value.Version);
        writer.WriteNumber(UpdateKey, value.UpdateKey);
        writer.WriteString(Created, DateTime.UnixEpoch.AddMicroseconds(value.CreatedUs));
        writer.WriteString(Modified, DateTime.UnixEpoch.AddMicroseconds(value.ModifiedUs));
        writer.WritePropertyName(Properties);
        PropertyJson.Write(writer, PasswordRecord.Without(value));
        if (withRights)
        {
            writer.WritePropertyName(nameof(CmsObjectInfo.Rights));
            JsonSerializer.Serialize(writer, RightsOf(access, value), CmsJson.Default.CmsObjectRights);
            if (value.Kind is ObjectKinds.User or ObjectKinds.UserGroup)
                WriteGroups(writer, access, value);
        }

        writer.WriteEndObject();
    }

    private static CmsObjectRights RightsOf(AccessContext access, CmsObject value)
    {
        // An export is not ended by one that is damaged.
        var list = AccessList.DecodeOrShut(value.AccessList);
        return new CmsObjectRights
        {
            OwnerCuid = Named(access, value.OwnerId)?.Cuid,
            InheritFromFolder = list.InheritFromFolder,
            InheritFromGroups = list.InheritFromGroups,

            // Entries of whoever was removed say nothing any more.
            Entries =
            [
                .. list.Entries.Where(e => access.View.Find(e.PrincipalId) is not null).Select(e => (Entry: e, Principal: Named(access, e.PrincipalId))).Select(e => new CmsObjectRight
                {
                    PrincipalId = e.Entry.PrincipalId,
                    PrincipalCuid = e.Principal?.Cuid,
                    Principal = e.Principal?.Name,
                    PrincipalKind = e.Principal?.Kind,
                    Right = e.Entry.Right,
                    Value = e.Entry.Value.ToString(),
                }),
            ],
        };
    }

    // The ids among its properties mean nothing in another system. Groups that were removed say nothing any more.
    private static void WriteGroups(Utf8JsonWriter writer, AccessContext access, CmsObject value)
    {
        writer.WriteStartArray(nameof(CmsObjectInfo.Groups));
        foreach (var id in GroupMembership.Of(value).Where(id => access.View.Find(id) is not null))
        {
            var group = Named(access, id);
            JsonSerializer.Serialize(writer, new CmsGroupName { Id = id, Cuid = group?.Cuid, Name = group?.Name }, CmsJson.Default.CmsGroupName);
        }

        writer.WriteEndArray();
    }

    private static CmsObject? Named(AccessContext access, long id) => access.View.Find(id) is { } one && access.MayName(one) ? one : null;
}
