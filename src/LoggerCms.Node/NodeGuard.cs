using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Node;

/// <summary>The rights that a change needs, asked of what is visible and pending at the moment when the change is made.</summary>
internal sealed class NodeGuard(RightsEvaluator evaluator, long principalId) : IWriteGuard
{
    private static readonly string[] OfOthers = [Rights.View, Rights.Delete];
    private static readonly string[] OfUsers = [.. OfOthers, Rights.ManageTokens, Rights.ChangePassword];
    private static readonly string[] OfGroups = [.. OfOthers, Rights.EditMembers];

    /// <summary>What is decided, or was when somebody was denied.</summary>
    public WriteOperation? Operation { get; private set; }

    public void Begin(WriteOperation operation) => Operation = operation;

    public bool MaySee(IObjectView view, CmsObject one) => evaluator.Begin(view, principalId).Has(one, Rights.View);

    public void DemandToTouch(IObjectView view, CmsObject one, ChangeObject change)
    {
        var access = evaluator.Begin(view, principalId);
        var isElsewhere = (change.ParentId is { } parent && parent != one.ParentId) || (change.OwnerId is { } owner && owner != one.OwnerId);
        if (change.AccessList is not null)
            access.Require(one, Rights.ModifyRights);
        if (change.Name is not null || change.Properties is not null || !(isElsewhere || change.AccessList is not null))
            access.Require(one, Rights.Edit);
    }

    public void Demand(IObjectView view, CmsObject? before, CmsObject? after)
    {
        var access = evaluator.Begin(view, principalId);
        if (before is null)
            DemandToMake(access, view, after!);
        else if (after is null)
            access.Require(before, Rights.Delete);
        else
            DemandToChange(access, view, before, after);
        DemandMembers(access, view, before, after);
    }

    private void DemandToMake(AccessContext access, IObjectView view, CmsObject after)
    {
        var folder = view.Find(after.ParentId)!;
        access.Require(folder, Rights.Add);
        if (IsConnection(after))
            access.Require(folder, Rights.CreateConnection);
        if (after.OwnerId != principalId)
        {
            access.Require(folder, Rights.TakeOwnership);
            CheckOwner(access, view, after.OwnerId);
        }

        if (after.AccessList.Length > 0)
        {
            access.Require(folder, Rights.ModifyRights);
            CheckEntries(access, view, [], after.AccessList);
        }
    }

    private void DemandToChange(AccessContext access, IObjectView view, CmsObject before, CmsObject after)
    {
        if (before.ParentId != after.ParentId)
            DemandToMove(access, view, before, view.Find(after.ParentId)!);
        CheckEntries(access, view, before.AccessList, after.AccessList);
        if (before.OwnerId == after.OwnerId)
            return;
        access.Require(before, Rights.TakeOwnership);
        if (after.OwnerId == principalId)
            return;
        access.Require(before, Rights.ModifyRights);
        CheckOwner(access, view, after.OwnerId);
    }

    private static bool IsConnection(CmsObject one) => one.Kind is ObjectKinds.UniverseConnection or ObjectKinds.DataConnection;

    // What is written for nobody, by a number that was mistyped, would be taken for done.
    private static void CheckOwner(AccessContext access, IObjectView view, long ownerId)
    {
        if (view.Find(ownerId) is var owner && (owner is not { Kind: ObjectKinds.User } || !access.MayName(owner)))
            throw NobodyThere($"There is no user {ownerId} that you may see to be the owner.", "Get-CmsUser lists the users.", owner);
    }

    private static void CheckEntries(AccessContext access, IObjectView view, byte[] before, byte[] after)
    {
        if (before.AsSpan().SequenceEqual(after))
            return;
        var known = Principals(before);
        foreach (var id in Principals(after))
        {
            if (known.Contains(id) || (view.Find(id) is { Kind: ObjectKinds.User or ObjectKinds.UserGroup } principal && access.MayName(principal)))
                continue;
            throw NobodyThere($"There is no user or group {id} that you may see to have a right.", "Get-CmsUser and Get-CmsGroup list them.", view.Find(id));
        }
    }

    private static HashSet<long> Principals(byte[] accessList)
    {
        HashSet<long> principals = [];
        if (accessList.Length == 0)
            return principals;
        var reader = new AccessListReader(accessList);
        while (reader.Next())
            principals.Add(reader.PrincipalId);
        return principals;
    }

    // A move takes all of a tree away from what it inherits, and puts it below what another folder gives; that may be the caller's own, who then would
    // have every right. So it needs of each object what a removal needs, and of users and groups the rights by which one acts for them.
    private static void DemandToMove(AccessContext access, IObjectView view, CmsObject moved, CmsObject folder)
    {
        access.Require(moved, Rights.Edit);
        access.Require(folder, Rights.Add);
        foreach (var right in ToTake(moved))
            access.Require(moved, right);
        var bringsConnection = IsConnection(moved);
        foreach (var below in ObjectPaths.Descendants(view, moved.Id))
        {
            bringsConnection |= IsConnection(below);
            foreach (var right in ToTake(below))
            {
                if (!access.Has(below, right))
                    throw MayNotTake(access, moved, below, right);
            }
        }

        if (bringsConnection)
            access.Require(folder, Rights.CreateConnection);
    }

    private static string[] ToTake(CmsObject one) => one.Kind switch
    {
        ObjectKinds.User => OfUsers,
        ObjectKinds.UserGroup => OfGroups,
        _ => OfOthers,
    };

    private static LoggerCmsException MayNotTake(AccessContext access, CmsObject moved, CmsObject below, string right) => new(
        ErrorCodes.Forbidden,
        $"'{moved.Name}' (id {moved.Id}) holds {(access.Has(below, Rights.View) ? $"'{below.Name}' (id {below.Id}), on which you do not have the right {right}" : "something that you may not see")}.",
        "Move what you may take from there, or ask somebody who has that right on all of it.")
    {
        DeniedObjectId = below.Id,
    };

    // Who may put others into a group gives them all that the group has.
    private static void DemandMembers(AccessContext access, IObjectView view, CmsObject? before, CmsObject? after)
    {
        if ((after ?? before)!.Kind is not (ObjectKinds.User or ObjectKinds.UserGroup))
            return;
        if (after is not null && !GroupMembership.IsWellFormed(after) && (before is null || GroupMembership.IsWellFormed(before)))
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidObject,
                $"{GroupMembership.Property} of '{after.Name}' is not a list of the ids of groups.",
                "Give a list, also of one id; or use Add-CmsGroupMember.");
        }

        var then = before is null ? [] : GroupMembership.Of(before);
        var now = after is null ? [] : GroupMembership.Of(after);
        foreach (var id in then.Except(now).Concat(now.Except(then)))
        {
            var group = view.Find(id);
            if (group is { Kind: ObjectKinds.UserGroup } && access.Has(group, Rights.View))
                access.Require(group, Rights.EditMembers);
            else if (group is { Kind: ObjectKinds.UserGroup } || now.Contains(id))
                throw NobodyThere($"There is no group {id} that you may see to be a member of.", "Get-CmsGroup lists the groups.", group);
        }
    }

    private static LoggerCmsException NobodyThere(string message, string remedy, CmsObject? hidden)
        => new(ErrorCodes.InvalidObject, message, remedy) { DeniedObjectId = hidden?.Id };
}
