using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Security;

/// <summary>
/// Decides whether a principal has a right on an object: by the object's own list, then by those of the folders above it, the nearest first. On one
/// list the principal's own entry goes before its groups', and of its groups a denial before a grant; an owner's variant of the right
/// (<c>EditOwned</c>), where the principal owns the object asked about, goes before the right itself within the same rank. What nothing specifies
/// is denied, except to administrators. <c>src/ARCHITECTURE.md</c>, "Rights", has the rules in full.
/// </summary>
/// <remarks>Safe for any number of callers; takes no lock. Lists are read from the objects themselves, so a change is seen when the view has it.</remarks>
/// <param name="membership">Who is in which group.</param>
internal sealed class RightsEvaluator(Membership membership)
{
    /// <summary>Folders within folders; a deeper path, or one that runs in a circle, grants nothing.</summary>
    public const int MaxDepth = 256;

    /// <summary>For a request: the principal's groups are found once.</summary>
    /// <exception cref="LoggerCmsException">ObjectNotFound or LimitExceeded, as <see cref="Membership.Of"/> says.</exception>
    public AccessContext Begin(IObjectView view, long principalId) => new(this, view, membership.Of(view, principalId));

    /// <inheritdoc cref="Begin"/>
    public RightDecision Decide(IObjectView view, long principalId, CmsObject obj, string right)
        => Decide(view, membership.Of(view, principalId), obj, right);

    public RightDecision Decide(IObjectView view, Principal principal, CmsObject obj, string right) => Walk(view, principal, obj, right, null);

    /// <inheritdoc cref="Begin"/>
    public RightExplanation Explain(IObjectView view, long principalId, CmsObject obj, string right)
    {
        var steps = new List<RightStep>();
        var decision = Walk(view, membership.Of(view, principalId), obj, right, steps);
        return new RightExplanation(decision, steps);
    }

    private static RightDecision Walk(IObjectView view, Principal principal, CmsObject obj, string right, List<RightStep>? steps)
    {
        if (principal.Id == BuiltIn.Administrator && right is (Rights.View or Rights.ModifyRights))
        {
            steps?.Add(new RightStep(0, null, StepEffect.BuiltInRule));
            return new RightDecision(true, DecidedBy.Administrator, 0, 0);
        }

        var owned = obj.OwnerId == principal.Id ? Rights.Owned(right) : null;
        var groupsCount = true;
        var at = obj;
        for (var depth = 0; depth < MaxDepth; depth++)
        {
            var folderCounts = true;
            if (at.AccessList.Length > 0)
            {
                var decided = OnOne(at, principal, right, owned, ref groupsCount, out folderCounts, steps);
                if (decided is { } decision)
                    return decision;
            }
            else
            {
                steps?.Add(new RightStep(at.Id, null, StepEffect.NoEntry));
            }

            if (!folderCounts || at.ParentId == 0)
                return Unspecified(principal, steps);
            if (view.Find(at.ParentId) is not { } parent)
                break;
            at = parent;
        }

        if (principal.IsAdministrator)
            return Unspecified(principal, steps);
        steps?.Add(new RightStep(at.Id, null, StepEffect.BrokenPath));
        return new RightDecision(false, DecidedBy.BrokenPath, at.Id, 0);
    }

    private static RightDecision Unspecified(Principal principal, List<RightStep>? steps)
    {
        if (!principal.IsAdministrator)
            return new RightDecision(false, DecidedBy.Nothing, 0, 0);
        steps?.Add(new RightStep(0, null, StepEffect.BuiltInRule));
        return new RightDecision(true, DecidedBy.Administrators, 0, 0);
    }

    private static RightDecision? OnOne(
        CmsObject at, Principal principal, string right, string? owned, ref bool groupsCount, out bool folderCounts, List<RightStep>? steps)
    {
        var reader = new AccessListReader(at.AccessList);
        folderCounts = reader.InheritFromFolder;
        groupsCount &= reader.InheritFromGroups;
        var best = default(Candidate);
        while (reader.Next())
        {
            var isOwn = reader.PrincipalId == principal.Id;
            if (!isOwn && (!groupsCount || !principal.IsIn(reader.PrincipalId)))
                continue;
            var isOwned = owned is not null && Ascii.Equals(reader.Right, owned);
            if (!isOwned && !Ascii.Equals(reader.Right, right))
                continue;
            var candidate = new Candidate(Candidate.RankOf(isOwn, isOwned, reader.Value), reader.PrincipalId);
            if (candidate.Rank > best.Rank)
                best = candidate;
        }

        if (reader.IsDamaged)
        {
            steps?.Add(new RightStep(at.Id, null, StepEffect.Damaged));
            if (!principal.IsAdministrator)
                return new RightDecision(false, DecidedBy.DamagedList, at.Id, 0);
            best = default;
            folderCounts = true;
        }
        else if (steps is not null)
        {
            Tell(at, principal, right, owned, groupsCount, best, steps);
        }

        return best.Rank == 0 ? null : new RightDecision(
            best.IsGrant, best.PrincipalId == principal.Id ? DecidedBy.OwnEntry : DecidedBy.GroupEntry, at.Id, best.PrincipalId);
    }

    // The entry that decides comes last.
    private static void Tell(
        CmsObject at, Principal principal, string right, string? owned, bool groupsCount, Candidate best, List<RightStep> steps)
    {
        var list = AccessList.Decode(at.AccessList);
        RightStep? last = null;
        var told = steps.Count;
        foreach (var entry in list.Entries.Where(e => e.Right == right || e.Right == owned))
        {
            var isOwn = entry.PrincipalId == principal.Id;
            if (!isOwn && !principal.IsIn(entry.PrincipalId))
                continue;
            var rank = Candidate.RankOf(isOwn, entry.Right == owned, entry.Value);
            if (rank == best.Rank && entry.PrincipalId == best.PrincipalId)
                last = new RightStep(at.Id, entry, StepEffect.Decides);
            else
                steps.Add(new RightStep(at.Id, entry, isOwn || groupsCount ? StepEffect.Overridden : StepEffect.GroupsSwitchedOff));
        }

        if (last is not null)
            steps.Add(last);
        else if (!list.InheritFromFolder)
            steps.Add(new RightStep(at.Id, null, StepEffect.FolderSwitchedOff));
        else if (steps.Count == told)
            steps.Add(new RightStep(at.Id, null, StepEffect.NoEntry));
    }

    /// <summary>The strongest entry so far; rank 0 is none.</summary>
    private readonly record struct Candidate(int Rank, long PrincipalId)
    {
        public bool IsGrant => (Rank & 1) != 0;

        // Own before group, then the owner's variant, then a denial. Odd is granted.
        public static int RankOf(bool isOwn, bool isOwned, RightValue value)
            => (isOwn ? 8 : 0) + (isOwned ? 4 : 0) + (value == RightValue.Denied ? 2 : 1);
    }
}
