using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Node;

/// <summary>The rights that a change needs, asked of what is visible and pending at the moment when the change is made.</summary>
internal sealed class NodeGuard(RightsEvaluator evaluator, long principalId) : IWriteGuard
{
    public bool MaySee(IObjectView view, CmsObject one) => evaluator.Begin(view, principalId).Has(one, Rights.View);

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
        if (after.Kind is ObjectKinds.UniverseConnection or ObjectKinds.DataConnection)
            access.Require(folder, Rights.CreateConnection);
        if (after.OwnerId != principalId)
            access.Require(folder, Rights.TakeOwnership);
        if (after.AccessList.Length > 0)
            access.Require(folder, Rights.ModifyRights);
    }

    private void DemandToChange(AccessContext access, IObjectView view, CmsObject before, CmsObject after)
    {
        if (before.ParentId != after.ParentId)
        {
            access.Require(before, Rights.Edit);
            access.Require(view.Find(after.ParentId)!, Rights.Add);
        }

        if (before.Name != after.Name || !before.Properties.AsSpan().SequenceEqual(after.Properties))
            access.Require(before, Rights.Edit);
        if (!before.AccessList.AsSpan().SequenceEqual(after.AccessList))
            access.Require(before, Rights.ModifyRights);
        if (before.OwnerId == after.OwnerId)
            return;
        access.Require(before, Rights.TakeOwnership);
        if (after.OwnerId != principalId)
            access.Require(before, Rights.ModifyRights);
    }

    // Who may put others into a group gives them all that the group has.
    private static void DemandMembers(AccessContext access, IObjectView view, CmsObject? before, CmsObject? after)
    {
        if ((after ?? before)!.Kind is not (ObjectKinds.User or ObjectKinds.UserGroup))
            return;
        var then = before is null ? [] : GroupMembership.Of(before);
        var now = after is null ? [] : GroupMembership.Of(after);
        foreach (var id in then.Except(now).Concat(now.Except(then)))
        {
            var group = view.Find(id);
            if (group is { Kind: ObjectKinds.UserGroup } && access.Has(group, Rights.View))
                access.Require(group, Rights.EditMembers);
            else if (group is { Kind: ObjectKinds.UserGroup } || now.Contains(id))
                throw NoGroup(id, group);
        }
    }

    private static LoggerCmsException NoGroup(long id, CmsObject? hidden)
        => new(ErrorCodes.InvalidObject, $"There is no group {id} that you may see to be a member of.", "Get-CmsGroup lists the groups.") { DeniedObjectId = hidden?.Id };
}
