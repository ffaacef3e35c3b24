using System.Collections.Frozen;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>The rights there are: those of every object, and those that only objects of a kind have.</summary>
internal static class Rights
{
    /// <summary>See the object and its properties, and find it.</summary>
    public const string View = "View";

    /// <summary>Make, copy or move objects into it.</summary>
    public const string Add = "Add";

    /// <summary>Change properties and name; with Delete, and Add on the destination, move it there.</summary>
    public const string Edit = "Edit";

    public const string Delete = "Delete";

    /// <summary>Take a copy; where it goes needs Add.</summary>
    public const string Copy = "Copy";

    /// <summary>See and change the access list.</summary>
    public const string ModifyRights = "ModifyRights";

    /// <summary>Make oneself or, with ModifyRights, another its owner.</summary>
    public const string TakeOwnership = "TakeOwnership";

    public const string Schedule = "Schedule";
    public const string ViewInstances = "ViewInstances";
    public const string DeleteInstances = "DeleteInstances";

    /// <summary>Run the node: stop, flush, reconcile, back up, restore. Asked of the root.</summary>
    public const string Operate = "Operate";

    /// <summary>See the node's metrics and its image's counts, which count what not everybody may see; with Operate one may too. Asked of the root.</summary>
    public const string Monitor = "Monitor";

    /// <summary>Read audit events. Asked of the root.</summary>
    public const string ReadAudit = "ReadAudit";

    /// <summary>Register services in the name shell and send their audit events. Asked of the root.</summary>
    public const string RegisterService = "RegisterService";

    public const string Refresh = "Refresh";
    public const string Export = "Export";
    public const string Print = "Print";
    public const string EditQuery = "EditQuery";
    public const string CreateQuery = "CreateQuery";
    public const string DataAccess = "DataAccess";

    /// <summary>Make connections in a folder, beside Add.</summary>
    public const string CreateConnection = "CreateConnection";

    /// <summary>Set a user's password without knowing the old one.</summary>
    public const string ChangePassword = "ChangePassword";

    /// <summary>Issue, list and revoke a user's tokens; one's own need no right.</summary>
    public const string ManageTokens = "ManageTokens";

    /// <summary>Take users and groups into a group and out of it.</summary>
    public const string EditMembers = "EditMembers";

    public const string Trigger = "Trigger";
    public const string Send = "Send";

    private const string OwnedSuffix = "Owned";

    private static readonly string[] OfEveryObject =
        [View, Add, Edit, Delete, Copy, ModifyRights, TakeOwnership, Schedule, ViewInstances, DeleteInstances];

    private static readonly FrozenDictionary<string, string[]> OfKinds = ObjectKinds.All
        .Where(kind => kind.Rights.Count > 0)
        .ToFrozenDictionary(kind => kind.Name, kind => kind.Rights.ToArray(), StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenDictionary<string, string> OwnedVariants =
        new[] { View, Add, Edit, Delete, Copy, ModifyRights, Schedule, ViewInstances, DeleteInstances, Refresh, Export, Print }
            .ToFrozenDictionary(right => right, right => right + OwnedSuffix, StringComparer.Ordinal);

    // What lies in a folder inherits from it, so an entry there may name a right of any kind.
    private static readonly string[] OfFolders =
        [.. OfEveryObject, .. OfKinds.Values.SelectMany(r => r).Distinct().Order(StringComparer.Ordinal)];

    private static readonly FrozenDictionary<string, string> Known =
        OfFolders.Concat(OwnedVariants.Values).ToFrozenDictionary(right => right, StringComparer.OrdinalIgnoreCase);

    /// <summary>The variants of rights that count for an object's owner only, as <c>EditOwned</c>.</summary>
    public static IReadOnlyList<string> OwnerRights { get; } = [.. OwnedVariants.Values.Order(StringComparer.Ordinal)];

    /// <summary>The right's variant for owners; null where it has none.</summary>
    public static string? Owned(string right) => OwnedVariants.GetValueOrDefault(right);

    /// <summary>
    /// The rights that can be asked of an object of the kind. A kind that has none of its own, as any that nobody declared, has the common ones.
    /// </summary>
    public static IReadOnlyList<string> Of(string kind)
        => string.Equals(kind, ObjectKinds.Folder, StringComparison.OrdinalIgnoreCase) ? OfFolders
            : OfKinds.TryGetValue(kind, out var own) ? [.. OfEveryObject, .. own]
            : OfEveryObject;

    /// <summary>The right as it is written, for a name in any case that can be asked of an object of the kind.</summary>
    /// <exception cref="LoggerCmsException">InvalidObject, with the names that there are.</exception>
    public static string Ask(string kind, string right)
        => Known.TryGetValue(right, out var name) && Of(kind).Contains(name) ? name : throw Unknown(kind, right, Of(kind));

    /// <summary>The same for an entry of the object's access list, which can also be for owners (<c>EditOwned</c>).</summary>
    /// <exception cref="LoggerCmsException">InvalidObject, with the names that there are.</exception>
    public static string Enter(string kind, string right)
    {
        var rights = Of(kind);
        var names = rights.Concat(rights.Select(Owned).OfType<string>());
        return Known.TryGetValue(right, out var name) && names.Contains(name) ? name : throw Unknown(kind, right, names);
    }

    private static LoggerCmsException Unknown(string kind, string right, IEnumerable<string> names)
        => new(
            ErrorCodes.InvalidObject,
            $"'{(right.Length <= AccessList.MaxRightLength ? right : right[..AccessList.MaxRightLength] + "…")}' is no right of an object of kind '{kind}'. There are: {string.Join(", ", names)}.",
            "Use one of these names.");
}
