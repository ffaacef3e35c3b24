namespace LoggerCms.Core.Security;

/// <summary>The principals that every system has.</summary>
internal static class BuiltIn
{
    /// <summary>The group that holds every user, whatever its members are said to be.</summary>
    public const long Everyone = 1;

    /// <summary>The group whose members have every right that no entry denies them.</summary>
    public const long Administrators = 2;

    /// <summary>The user that is always a member of <see cref="Administrators"/> and always has View and ModifyRights on every object.</summary>
    public const long Administrator = 12;

    /// <summary>
    /// The access list that a new system's root starts with: everyone has the owner rights, so that who makes an object can use it; all else is
    /// granted by an administrator.
    /// </summary>
    public static AccessList RootAccessList { get; } = Rights.OwnerRights
        .Where(r => r != Rights.Owned(Rights.ModifyRights))
        .Aggregate(AccessList.Empty, (list, right) => list.Grant(Everyone, right));
}
