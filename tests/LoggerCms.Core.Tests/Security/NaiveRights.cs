using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Tests.Security;

/// <summary>
/// The rules of rights once more, by another way: everything that is said anywhere and counts is put into one list and sorted; the first is the answer.
/// </summary>
internal static class NaiveRights
{
    private static readonly string[] HaveOwnerVariant = ["View", "Edit"];

    public static bool Has(IReadOnlyDictionary<long, NaiveObject> world, ISet<(long Member, long Group)> edges, long who, long objectId, string right)
    {
        var all = edges.Append((who, 1L)).Append((12L, 2L)).ToHashSet();
        var groups = world.Keys.Where(g => world[g].Kind == ObjectKinds.UserGroup && g != who && Reaches(world, all, who, g)).ToHashSet();
        var isAdministrator = who == 2 || groups.Contains(2);
        if (who == 12 && right is ("View" or "ModifyRights"))
            return true;

        var path = new List<long>();
        for (var at = objectId; at != 0; at = world[at].ParentId)
            path.Add(at);
        var cut = path.FindIndex(id => world[id].NoFolders);
        if (cut >= 0)
            path = path[..(cut + 1)];
        var groupsEnd = path.FindIndex(id => world[id].NoGroups);
        if (groupsEnd < 0)
            groupsEnd = int.MaxValue;

        var names = new List<string> { right };
        if (world[objectId].OwnerId == who && HaveOwnerVariant.Contains(right))
            names.Insert(0, right + "Owned");

        var said =
            from distance in Enumerable.Range(0, path.Count)
            from entry in world[path[distance]].Entries
            let isOwn = entry.PrincipalId == who
            where isOwn || (groups.Contains(entry.PrincipalId) && distance < groupsEnd)
            where names.Contains(entry.Right)
            orderby distance, !isOwn, names.IndexOf(entry.Right), entry.Value == RightValue.Granted
            select entry.Value;
        return said.Cast<RightValue?>().FirstOrDefault() is { } value ? value == RightValue.Granted : isAdministrator;
    }

    // Warshall, not a search.
    private static bool Reaches(IReadOnlyDictionary<long, NaiveObject> world, HashSet<(long Member, long Group)> edges, long from, long to)
    {
        var reach = edges.Where(e => world.TryGetValue(e.Group, out var g) && g.Kind == ObjectKinds.UserGroup).ToHashSet();
        foreach (var middle in world.Keys)
        {
            foreach (var (member, _) in reach.Where(e => e.Group == middle).ToList())
            {
                foreach (var (_, group) in reach.Where(e => e.Member == middle).ToList())
                    reach.Add((member, group));
            }
        }

        return reach.Contains((from, to));
    }
}

internal sealed record NaiveObject(string Kind, long ParentId, long OwnerId, bool NoFolders, bool NoGroups, IReadOnlyList<AccessEntry> Entries)
{
    public AccessList List()
        => Entries
            .Aggregate(AccessList.Empty, (list, e) => e.Value == RightValue.Granted ? list.Grant(e.PrincipalId, e.Right) : list.Deny(e.PrincipalId, e.Right))
            .WithInheritance(!NoFolders, !NoGroups);
}
