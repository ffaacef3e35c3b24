using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>Entries and decisions as the shell shows them; of whom the reader may not see, there is the id only.</summary>
internal static class RightsReport
{
    /// <summary>The object's entries, and those of the folders above as far as it inherits from them, the nearest first.</summary>
    /// <exception cref="LoggerCmsException">InvalidObject or FormatNotSupported: a list cannot be read.</exception>
    public static IEnumerable<CmsRightEntry> Entries(AccessContext access, CmsObject obj)
    {
        var view = access.View;
        var groupsCount = true;
        foreach (var at in Upwards(view, obj))
        {
            var list = AccessList.Decode(at.AccessList);
            groupsCount &= list.InheritFromGroups;
            foreach (var entry in list.Entries)
            {
                var principal = view.Find(entry.PrincipalId);
                if (!groupsCount && principal?.Kind == ObjectKinds.UserGroup)
                    continue;
                yield return new CmsRightEntry
                {
                    ObjectId = obj.Id,
                    ObjectCuid = obj.Cuid,
                    Path = ObjectPaths.Of(view, obj),
                    FromObjectId = at.Id,
                    PrincipalId = entry.PrincipalId,
                    PrincipalCuid = principal is not null && access.Has(principal, Rights.View) ? principal.Cuid : null,
                    Principal = NameOf(access, entry.PrincipalId),
                    Right = entry.Right,
                    Value = entry.Value.ToString(),
                    Inherited = at.Id != obj.Id,
                };
            }

            if (!list.InheritFromFolder)
                yield break;
        }
    }

    public static CmsRightDecision Decision(AccessContext access, long principalId, CmsObject obj, string right, RightExplanation explanation)
        => new()
        {
            Right = right,
            Principal = NameOf(access, principalId),
            ObjectId = obj.Id,
            ObjectCuid = obj.Cuid,
            Path = ObjectPaths.Of(access.View, obj),
            Granted = explanation.Decision.Granted,
            Reason = Reason(access, explanation.Decision),
            Steps = [.. explanation.Steps.Select(s => Step(access, s))],
        };

    private static string Reason(AccessContext access, RightDecision decision) => decision.By switch
    {
        DecidedBy.OwnEntry => $"{Verb(decision)} to the principal itself on {Place(access.View, decision.ObjectId)}.",
        DecidedBy.GroupEntry => $"{Verb(decision)} to the group {NameOf(access, decision.PrincipalId)} on {Place(access.View, decision.ObjectId)}.",
        DecidedBy.Administrators => "No entry says otherwise, and the principal is an administrator.",
        DecidedBy.Administrator => "The user Administrator always has this right.",
        DecidedBy.DamagedList => $"The access list of {Place(access.View, decision.ObjectId)} cannot be read, so nothing is granted by it or above it.",
        DecidedBy.BrokenPath => $"The folders above {Place(access.View, decision.ObjectId)} do not lead to the root.",
        _ => "No entry on the object or above it specifies the right, so it is denied.",
    };

    private static string Step(AccessContext access, RightStep step)
    {
        var place = step.ObjectId == 0 ? "Built-in rule" : Place(access.View, step.ObjectId);
        if (step.Entry is { } entry)
        {
            var effect = step.Effect switch
            {
                StepEffect.Decides => "decides",
                StepEffect.GroupsSwitchedOff => "does not count: inheritance from groups is switched off",
                _ => "is overridden on the same object",
            };
            return $"{place}: {NameOf(access, entry.PrincipalId)} is {entry.Value.ToString().ToLowerInvariant()} {entry.Right}; {effect}";
        }

        return step.Effect switch
        {
            StepEffect.NoEntry when access.View.Find(step.ObjectId) is { ParentId: 0 } => $"{place}: no entry; there is no folder above",
            StepEffect.NoEntry => $"{place}: no entry; ask the folder above",
            StepEffect.FolderSwitchedOff => $"{place}: no entry; inheritance from folders is switched off",
            StepEffect.Damaged => $"{place}: the access list cannot be read",
            StepEffect.BrokenPath => $"{place}: the folder above does not exist, or the path is too deep",
            _ => $"{place}: granted to administrators",
        };
    }

    private static IEnumerable<CmsObject> Upwards(IObjectView view, CmsObject obj)
    {
        var at = obj;
        for (var depth = 0; at is not null && depth < RightsEvaluator.MaxDepth; depth++)
        {
            yield return at;
            at = at.ParentId == 0 ? null : view.Find(at.ParentId);
        }
    }

    private static string Verb(RightDecision decision) => decision.Granted ? "Granted" : "Denied";

    private static string Place(IObjectView view, long id)
        => view.Find(id) is { } obj ? $"{ObjectPaths.Of(view, obj)} (id {id})" : $"object {id}";

    private static string NameOf(AccessContext access, long id)
        => access.View.Find(id) is not { } one ? $"(id {id}, deleted)" : access.MayName(one) ? one.Name : $"(id {id})";
}
