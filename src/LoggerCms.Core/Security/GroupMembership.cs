using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>The groups that a user or group is in stand in a property of it: a list of ids.</summary>
internal static class GroupMembership
{
    public const string Property = "SI_USERGROUPS";

    public static IReadOnlyList<long> Of(CmsObject principal) => Of(principal.Properties);

    /// <summary>Whether the property is what rights and lists of members read alike: anything but a list of integers is no group to the one, and may be to the other.</summary>
    public static bool IsWellFormed(CmsObject principal)
        => !PropertyBag.Over(principal.Properties).TryGet(Property, out var value)
            || (value.Type == PropertyType.List && value.AsList.All(v => v.Type == PropertyType.Integer));

    public static IReadOnlyList<long> Of(byte[] properties)
    {
        if (!PropertyBag.Over(properties).TryGet(Property, out var value) || value.Type != PropertyType.List)
            return [];
        return [.. value.AsList.Where(v => v.Type == PropertyType.Integer).Select(v => v.AsInteger)];
    }
}
