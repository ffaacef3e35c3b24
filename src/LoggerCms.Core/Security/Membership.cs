using System.Collections.Concurrent;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>A principal with all groups that hold it, at any depth.</summary>
internal sealed class Principal
{
    private readonly long[] _groups;

    internal Principal(long id, long[] sortedGroups)
    {
        Id = id;
        _groups = sortedGroups;
        IsAdministrator = Array.BinarySearch(_groups, BuiltIn.Administrators) >= 0 || id == BuiltIn.Administrators;
    }

    public long Id { get; }

    /// <summary>In ascending order; without the principal itself.</summary>
    public IReadOnlyList<long> Groups => _groups;

    /// <summary>Whether it is in <see cref="BuiltIn.Administrators"/>, or is that group.</summary>
    public bool IsAdministrator { get; }

    public bool IsIn(long group) => Array.BinarySearch(_groups, group) >= 0;
}

/// <summary>
/// Finds a principal's groups. What was found is kept together with the versions of the objects that it was found from, and used again only where
/// the view still has those very versions: so nothing stale is ever used, whichever views are asked, and no change has to be announced.
/// </summary>
/// <param name="groupsOf">
/// The ids of the groups that hold a user or group directly, from nothing but that version of it. Ids that are no group count for nothing.
/// </param>
internal sealed class Membership(Func<CmsObject, IReadOnlyList<long>> groupsOf)
{
    /// <summary>No principal may be in groups within groups deeper than this …</summary>
    public const int MaxDepth = 64;

    /// <summary>… nor in more groups than this.</summary>
    public const int MaxGroups = 4096;

    private const int MaxKept = 20_000;

    private readonly ConcurrentDictionary<long, Found> _kept = new();

    /// <exception cref="LoggerCmsException">
    /// ObjectNotFound: the view has no user or group of that id. LimitExceeded: its groups nest too deep or are too many, so that it cannot be told
    /// which denials hold for it; <see cref="BuiltIn.Administrator"/> then is what it always is, a member of the built-in groups.
    /// </exception>
    public Principal Of(IObjectView view, long principalId)
    {
        if (_kept.TryGetValue(principalId, out var found) && found.HoldsIn(view))
            return found.Principal;
        found = Find(view, principalId);
        // A bound, not a policy: who is asked for is found again.
        if (_kept.Count >= MaxKept)
            _kept.Clear();
        _kept[principalId] = found;
        return found.Principal;
    }

    private Found Find(IObjectView view, long principalId)
    {
        var principal = view.Find(principalId);
        if (principal is null || principal.Kind is not (ObjectKinds.User or ObjectKinds.UserGroup))
        {
            throw new LoggerCmsException(
                ErrorCodes.ObjectNotFound, $"There is no user or group with id {principalId}.", "Get-CmsUser and Get-CmsGroup list those that exist.");
        }

        // Who is in a group because it always is, is in the groups that hold that group.
        long[] always = principalId == BuiltIn.Administrator ? [BuiltIn.Everyone, BuiltIn.Administrators] : [BuiltIn.Everyone];
        var groups = new HashSet<long>();
        var seen = new Dictionary<long, CmsObject?> { [principalId] = principal };
        var level = new List<CmsObject> { principal };
        for (var depth = 0; level.Count > 0; depth++)
        {
            if (depth > MaxDepth || groups.Count > MaxGroups)
            {
                if (principalId != BuiltIn.Administrator)
                    throw TooMany(principal);
                groups.Clear();
                break;
            }

            var next = new List<CmsObject>();
            foreach (var id in level.SelectMany(groupsOf).Concat(depth == 0 ? always : []))
            {
                if (!seen.TryAdd(id, null))
                    continue;
                seen[id] = view.Find(id);
                if (seen[id] is not { Kind: ObjectKinds.UserGroup } group)
                    continue;
                groups.Add(id);
                next.Add(group);
            }

            level = next;
        }

        groups.UnionWith(always);
        groups.Remove(principalId);
        return new Found(new Principal(principalId, [.. groups.Order()]), [.. seen]);
    }

    private static LoggerCmsException TooMany(CmsObject principal)
        => new(
            ErrorCodes.LimitExceeded,
            $"'{principal.Name}' (id {principal.Id}) is in groups more than {MaxDepth} deep or in more than {MaxGroups}: its rights cannot be decided.",
            $"{(principal.Kind == ObjectKinds.UserGroup ? "Get-CmsGroup" : "Get-CmsUser")} -Id {principal.Id}, run by an administrator, shows its groups; Remove-CmsGroupMember takes it, or them, out of some.")
        {
            // It does not pass by waiting.
            IsOfRequest = true,
        };

    private sealed class Found(Principal principal, KeyValuePair<long, CmsObject?>[] from)
    {
        public Principal Principal { get; } = principal;

        // An object that was dropped from memory and read again is another instance of the same version.
        public bool HoldsIn(IObjectView view)
        {
            foreach (var (id, then) in from)
            {
                var now = view.Find(id);
                if (!ReferenceEquals(now, then)
                    && (now is null || then is null || now.UpdateKey != then.UpdateKey || now.Version != then.Version))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
