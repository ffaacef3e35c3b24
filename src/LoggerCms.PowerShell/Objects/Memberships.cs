using System.Collections;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Objects;

/// <summary>The groups that a user or group is a direct member of: ids in a property of it, which mean something in their own system only.</summary>
internal static class Memberships
{
    public const string Property = "SI_USERGROUPS";

    public static IReadOnlyList<long> Of(CmsObjectInfo info)
        => PropertyReader.FromJson(info.Properties)[Property] is IEnumerable list and not string ? [.. list.OfType<long>()] : [];

    /// <summary>Whether the property means groups: of other kinds it is one as any other.</summary>
    public static bool MayBeOf(CmsObjectInfo info)
        => string.Equals(info.Kind, Principals.User, StringComparison.OrdinalIgnoreCase) || string.Equals(info.Kind, Principals.Group, StringComparison.OrdinalIgnoreCase);

    /// <summary>A user or group as a member of exactly these; anything else as it is.</summary>
    public static CmsObjectInfo With(CmsObjectInfo info, IReadOnlyList<long> groups)
    {
        if (!MayBeOf(info))
            return info;
        var properties = PropertyReader.FromJson(info.Properties);
        if (groups.Count == 0 && !properties.Contains(Property))
            return info;
        properties.Remove(Property);
        if (groups.Count > 0)
            properties[Property] = groups.Cast<object>().ToArray();
        return info with { Properties = PropertyWriter.ToJson(properties) };
    }

    /// <summary>The change that makes a user or group a member of exactly these groups.</summary>
    public static CmsChange Change(CmsObjectInfo member, IEnumerable<long> groups) => new()
    {
        Operation = "Update",
        Id = member.Id,
        ExpectedVersion = member.Version,
        Properties = PropertyWriter.ToJson(new Hashtable { [Property] = groups.Cast<object>().ToArray() }),
    };
}
