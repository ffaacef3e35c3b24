using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>The groups that a user or group is in stand in a property of it: a list of ids.</summary>
internal static class GroupMembership
{
    public const string Property = "SI_USERGROUPS";

    public static IReadOnlyList<long> Of(CmsObject principal) => Of(principal.Properties);

    public static IReadOnlyList<long> Of(byte[] properties)
    {
        if (!PropertyBag.Over(properties).TryGet(Property, out var value) || value.Type != PropertyType.List)
            return [];
        return [.. value.AsList.Where(v => v.Type == PropertyType.Integer).Select(v => v.AsInteger)];
    }
}
