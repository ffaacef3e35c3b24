using System.Collections.Frozen;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// The objects that a new system begins with. Ids are those of BusinessObjects for the root, servers, users, groups, public folders, favorites,
/// categories, inboxes and universes, and our own (101 and up) for the rest.
/// </summary>
internal static class SystemObjects
{
    public const long Everyone = 1;
    public const long Administrators = 2;

    /// <summary>The root of everything: its path is <c>/</c>.</summary>
    public const long Root = 4;
    public const long Guest = 11;
    public const long Administrator = 12;
    public const long Servers = 16;
    public const long ServerGroups = 17;
    public const long FavoritesFolders = 18;
    public const long Users = 19;
    public const long UserGroups = 20;

    /// <summary>The public folders.</summary>
    public const long RootFolder = 23;
    public const long Categories = 45;
    public const long PersonalCategories = 47;
    public const long Inboxes = 48;
    public const long Universes = 95;
    public const long Calendars = 101;
    public const long Events = 102;
    public const long Profiles = 103;
    public const long Connections = 104;
    public const long BusinessViews = 105;
    public const long RepositoryItems = 106;

    /// <summary>No object made later has an id up to here.</summary>
    public const long LastReservedId = 999;

    private static readonly (long Id, string Name, string Kind, long ParentId, VirtualTable Table)[] List =
    [
        (Root, "CMS", ObjectKinds.Folder, 0, VirtualTable.SystemObjects),
        (Servers, "Servers", ObjectKinds.Folder, Root, VirtualTable.SystemObjects),
        (ServerGroups, "Server Groups", ObjectKinds.Folder, Root, VirtualTable.SystemObjects),
        (FavoritesFolders, "User Folders", ObjectKinds.Folder, Root, VirtualTable.InfoObjects),
        (Users, "Users", ObjectKinds.Folder, Root, VirtualTable.SystemObjects),
        (UserGroups, "User Groups", ObjectKinds.Folder, Root, VirtualTable.SystemObjects),
        (RootFolder, "Root Folder", ObjectKinds.Folder, Root, VirtualTable.InfoObjects),
        (Categories, "Categories", ObjectKinds.Folder, Root, VirtualTable.InfoObjects),
        (PersonalCategories, "Personal Categories", ObjectKinds.Folder, Root, VirtualTable.InfoObjects),
        (Inboxes, "Inboxes", ObjectKinds.Folder, Root, VirtualTable.InfoObjects),
        (Universes, "Universes", ObjectKinds.Folder, Root, VirtualTable.AppObjects),
        (Calendars, "Calendars", ObjectKinds.Folder, Root, VirtualTable.SystemObjects),
        (Events, "Events", ObjectKinds.Folder, Root, VirtualTable.SystemObjects),
        (Profiles, "Profiles", ObjectKinds.Folder, Root, VirtualTable.SystemObjects),
        (Connections, "Connections", ObjectKinds.Folder, Root, VirtualTable.AppObjects),
        (BusinessViews, "Business Views", ObjectKinds.Folder, Root, VirtualTable.AppObjects),
        (RepositoryItems, "Repository Items", ObjectKinds.Folder, Root, VirtualTable.AppObjects),
        (Everyone, "Everyone", ObjectKinds.UserGroup, UserGroups, VirtualTable.SystemObjects),
        (Administrators, "Administrators", ObjectKinds.UserGroup, UserGroups, VirtualTable.SystemObjects),
        (Administrator, "Administrator", ObjectKinds.User, Users, VirtualTable.SystemObjects),
        (Guest, "Guest", ObjectKinds.User, Users, VirtualTable.SystemObjects),
    ];

    private static readonly FrozenDictionary<long, VirtualTable> Tables = List.ToFrozenDictionary(static one => one.Id, static one => one.Table);

    /// <summary>The first versions, parents before children, owned by the administrator.</summary>
    /// <param name="updateKey">The change that makes them.</param>
    /// <param name="nowUs">Microseconds since 1970 UTC.</param>
    /// <param name="rootAccessList">The encoded access list of the root, which all others inherit.</param>
    public static IReadOnlyList<CmsObject> Create(long updateKey, long nowUs, byte[] rootAccessList) =>
    [
        .. List.Select(one => new CmsObject
        {
            Id = one.Id,
            Cuid = $"System.{one.Id}",
            Kind = one.Kind,
            ParentId = one.ParentId,
            Name = one.Name,
            OwnerId = Administrator,
            Version = 1,
            UpdateKey = updateKey,
            CreatedUs = nowUs,
            ModifiedUs = nowUs,
            Properties = [],
            AccessList = one.Id == Root ? rootAccessList : [],
        }),
    ];

    /// <summary>Whether the object is one that no one may remove or move.</summary>
    public static bool Contains(long id) => Tables.ContainsKey(id);

    /// <summary>The table that a query finds the object in: its kind's, or for a folder that of the system folder above it.</summary>
    public static VirtualTable TableOf(IObjectView view, CmsObject one)
    {
        if (Tables.TryGetValue(one.Id, out var own))
            return own;
        if (!string.Equals(one.Kind, ObjectKinds.Folder, StringComparison.OrdinalIgnoreCase))
            return ObjectKinds.Of(one.Kind).Table;
        foreach (var above in ObjectPaths.Ancestors(view, one))
        {
            if (Tables.TryGetValue(above.Id, out var table))
                return table;
        }

        return VirtualTable.InfoObjects;
    }
}
