using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Auditing;

/// <summary>What the audit tells of a change that was denied: the same as if it had been made, as far as that is known.</summary>
/// <param name="Action">As of one that is made.</param>
/// <param name="ObjectId">0 where an object was to be made.</param>
/// <param name="Target">The object as it is, or as it was to be made; null where there is none.</param>
/// <param name="What">What was to become other; empty where action and object say it all.</param>
internal sealed record DeniedChange(string Action, long ObjectId, CmsObject? Target, string What)
{
    private const int MostChars = 2_000;

    public static DeniedChange Of(IObjectView view, WriteOperation operation) => operation switch
    {
        CreateObject create => new DeniedChange("Create", 0, ToMake(create), Joined(Parts(view, create))),
        ChangeObject change => new DeniedChange("Update", change.Id, view.Find(change.Id), Joined(Parts(view, change))),
        RemoveObject remove => new DeniedChange("Delete", remove.Id, view.Find(remove.Id), remove.Recurse ? "with all that is in it" : ""),
        _ => throw new InvalidOperationException($"A {operation.GetType().Name} is denied nobody."),
    };

    private static CmsObject ToMake(CreateObject create) => new()
    {
        Id = 0,
        Cuid = "",
        Kind = Cut(create.Kind),
        ParentId = create.ParentId,
        Name = Cut(create.Name),
        OwnerId = 0,
        Version = 0,
        UpdateKey = 0,
        CreatedUs = 0,
        ModifiedUs = 0,
        Properties = [],
    };

    private static List<string> Parts(IObjectView view, CreateObject create)
    {
        List<string> parts = [];
        if (create.OwnerId is { } owner)
            parts.Add($"owner {ChangeDetails.Named(view, owner)}");
        ChangeDetails.AddRights(parts, view, [], create.AccessList);
        return parts;
    }

    private static List<string> Parts(IObjectView view, ChangeObject change)
    {
        List<string> parts = [];
        var target = view.Find(change.Id);
        if (change.Name is { } name)
            parts.Add($"name '{Cut(name)}'");
        if (change.ParentId is { } parent)
            parts.Add($"folder {(view.Find(parent) is { } folder ? ChangeAudit.PathOf(view, folder) : ChangeDetails.Named(view, parent))}");
        if (change.OwnerId is { } owner)
            parts.Add($"owner {ChangeDetails.Named(view, owner)}");
        if (change.AccessList is { } list)
            AddOr("access list", parts, () => ChangeDetails.AddRights(parts, view, target?.AccessList ?? [], list(target?.AccessList ?? [])));
        if (change.Properties is { } properties)
            AddOr("properties", parts, () => AddMembership(parts, view, target, properties));
        return parts;
    }

    // Who tries to get into a group is what an auditor looks for.
    private static void AddMembership(List<string> parts, IObjectView view, CmsObject? target, Func<byte[], byte[]> properties)
    {
        if (target is { Kind: ObjectKinds.User or ObjectKinds.UserGroup, IsSkeleton: false })
            ChangeDetails.AddGroups(parts, view, target.Properties, properties(target.Properties));
    }

    // What is so already, or is damaged, is no difference that could be told.
    private static void AddOr(string word, List<string> parts, Action add)
    {
        var before = parts.Count;
        try
        {
            add();
        }
        catch (LoggerCmsException)
        {
            parts.RemoveRange(before, parts.Count - before);
        }

        if (parts.Count == before)
            parts.Add(word);
    }

    private static string Joined(List<string> parts) => PlainText.Of(string.Join("; ", parts), MostChars);

    private static string Cut(string text) => PlainText.Of(text, PlainText.MostOfStranger);
}
