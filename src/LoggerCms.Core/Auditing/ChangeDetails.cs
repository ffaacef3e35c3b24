using System.Globalization;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Auditing;

/// <summary>
/// What the audit tells of a change and its record does not: where the object lay, and what other people go by became other than it was. It is asked
/// before the change is visible, because afterwards nobody knows what it took away. Not safe for several callers at once.
/// </summary>
/// <param name="seesAll">Every change of a folder comes by here, so that the path of one holds until the next.</param>
internal sealed class ChangeDetails(bool seesAll)
{
    private const int MostFolders = 10_000;
    private const int MostChars = 2_000;

    // Paths of folders, as they are until a folder is changed.
    private readonly Dictionary<long, string> _folders = [];

    /// <summary>
    /// One for each change of the record; null for one that a reconcile makes again, which is told of when its delta file is read, by whatever epoch first
    /// made it.
    /// </summary>
    public ChangeDetail[]? OfFirstMade(IObjectView view, ChangeRecord record)
    {
        var details = record.RequestId.Version == RequestLedger.OnceOnlyVersion ? null : Of(view, record);
        if (_folders.Count > MostFolders || Array.Exists(record.Changes, ChangesFolder))
            _folders.Clear();
        return details;
    }

    private ChangeDetail[] Of(IObjectView view, ChangeRecord record)
    {
        var details = new ChangeDetail[record.Changes.Length];
        var overlay = GoesOnFromItself(record) ? new ObjectOverlay(view) : null;
        var at = overlay ?? view;
        for (var i = 0; i < details.Length; i++)
        {
            if (record.Changes[i] is PutChange put)
            {
                var before = put.BeforeKey == 0 ? null : at.Find(put.Object.Id);
                var difference = before is null ? null : Difference(at, before, put.Object);
                overlay?.Set(at.Find(put.Object.Id), put.Object, put.UpdateKey);
                details[i] = new ChangeDetail(FolderOf(at, put.Object, isKept: seesAll && overlay is null), difference);
            }
            else if (record.Changes[i] is RemoveChange remove && at.Find(remove.Id) is { } gone)
            {
                details[i] = new ChangeDetail(FolderOf(at, gone, isKept: seesAll && overlay is null), null);
                overlay?.Set(gone, null, remove.UpdateKey);
            }
            else if (record.Changes[i] is PutLocalChange { Entry: { Key.Class: LocalClass.Token } entry } && UnlessDamaged(() => TokenEntry.Decode(entry)) is { } token)
            {
                var user = at.Find(token.PrincipalId);
                details[i] = new ChangeDetail(user is null ? null : FolderOf(at, user, isKept: seesAll && overlay is null), Told(at, token), user);
            }
        }

        return details;
    }

    private static string Told(IObjectView view, TokenEntry token)
    {
        var became = token.IsRevoked ? "revoked" : string.Create(CultureInfo.InvariantCulture, $"issued, good until {UnixTime.Of(token.ExpiresUs):u}");
        return $"token {token.Id} '{token.Name}' of {Named(view, token.PrincipalId)} {became}";
    }

    // One that is made has no path yet that could be another.
    private static bool ChangesFolder(Change change)
        => change is PutChange put ? put.BeforeKey != 0 && IsFolder(put.Object.Kind) : change is RemoveChange remove && IsFolder(remove.Kind);

    // What an earlier change of the record did is not in the view yet: a folder that another one goes into, or a version that another one replaces.
    private static bool GoesOnFromItself(ChangeRecord record)
    {
        if (record.Changes.Length == 1)
            return false;
        foreach (var change in record.Changes)
        {
            if (ChangesFolder(change) || (change is PutChange put && (put.BeforeKey >= record.FirstUpdateKey || IsFolder(put.Object.Kind))))
                return true;
        }

        return false;
    }

    private static bool IsFolder(string kind) => ObjectKinds.Of(kind).IsContainer;

    private string? FolderOf(IObjectView view, CmsObject one, bool isKept)
    {
        if (one.ParentId == 0)
            return null;
        if (isKept && _folders.TryGetValue(one.ParentId, out var known))
            return known;
        var path = view.Find(one.ParentId) is { } folder ? ObjectPaths.Of(view, folder) : "…";
        if (isKept)
            _folders[one.ParentId] = path;
        return path;
    }

    private static string? Difference(IObjectView view, CmsObject before, CmsObject after)
    {
        // Almost every change is one of properties alone.
        var isOfMembers = after.Kind is ObjectKinds.User or ObjectKinds.UserGroup && !before.IsSkeleton;
        if (!isOfMembers && before.Name == after.Name && before.ParentId == after.ParentId && before.OwnerId == after.OwnerId && before.AccessList.AsSpan().SequenceEqual(after.AccessList))
            return null;
        List<string> parts = [];
        if (before.Name != after.Name)
            parts.Add($"name was '{before.Name}'");
        if (before.ParentId != after.ParentId)
            parts.Add($"folder was {(view.Find(before.ParentId) is { } folder ? ObjectPaths.Of(view, folder) : Numbered(before.ParentId))}");
        if (before.OwnerId != after.OwnerId)
            parts.Add($"owner was {Named(view, before.OwnerId)}, is {Named(view, after.OwnerId)}");
        AddRights(parts, view, before.AccessList, after.AccessList);
        if (isOfMembers)
        {
            AddGroups(parts, view, before.Properties, after.Properties);
            AddPassword(parts, before, after);
        }

        if (parts.Count == 0)
            return null;
        var text = string.Join("; ", parts);
        return text.Length <= MostChars ? text : text[..(MostChars - 1)] + "…";
    }

    /// <summary>What became other in an access list, in words.</summary>
    public static void AddRights(List<string> parts, IObjectView view, byte[] before, byte[] after)
    {
        if (before.AsSpan().SequenceEqual(after))
            return;
        if (UnlessDamaged(() => AccessList.Decode(before)) is not { } then || UnlessDamaged(() => AccessList.Decode(after)) is not { } now)
        {
            parts.Add("the access list was replaced");
            return;
        }

        foreach (var (principal, right, value) in now.Entries.Except(then.Entries))
            parts.Add($"{right} {(value == RightValue.Granted ? "granted to" : "denied to")} {Named(view, principal)}");
        foreach (var (principal, right, _) in then.Entries.Where(e => now.Find(e.PrincipalId, e.Right) is null))
            parts.Add($"{right} no longer said of {Named(view, principal)}");
        if (then.InheritFromFolder != now.InheritFromFolder)
            parts.Add($"inheritance from folders {(now.InheritFromFolder ? "on" : "off")}");
        if (then.InheritFromGroups != now.InheritFromGroups)
            parts.Add($"inheritance from groups {(now.InheritFromGroups ? "on" : "off")}");
    }

    /// <summary>What became other in the groups that a user or group is in, in words.</summary>
    public static void AddGroups(List<string> parts, IObjectView view, byte[] before, byte[] after)
    {
        if (UnlessDamaged(() => GroupMembership.Of(before)) is not { } then || UnlessDamaged(() => GroupMembership.Of(after)) is not { } now)
            return;
        foreach (var group in now.Except(then))
            parts.Add($"put into {Named(view, group)}");
        foreach (var group in then.Except(now))
            parts.Add($"taken out of {Named(view, group)}");
    }

    private static void AddPassword(List<string> parts, CmsObject before, CmsObject after)
    {
        if (UnlessDamaged(() => Record(before)) is not { } then || UnlessDamaged(() => Record(after)) is not { } now || then.AsSpan().SequenceEqual(now))
            return;
        parts.Add(now.Length > 0 ? "password set" : "password taken away");

        static byte[] Record(CmsObject user) => PropertyBag.Over(user.Properties).TryGet(PasswordRecord.Property, out var value) && value.Type == PropertyType.Binary ? value.AsBinary : [];
    }

    // What is damaged is written over by an administrator, and must not stop the write that does.
    private static T? UnlessDamaged<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (LoggerCmsException)
        {
            return null;
        }
    }

    public static string Named(IObjectView view, long id) => view.Find(id) is { } one ? $"'{one.Name}' {Numbered(id)}" : Numbered(id);

    private static string Numbered(long id) => string.Create(CultureInfo.InvariantCulture, $"(id {id})");
}

/// <param name="Folder">The path of the folder that the object lay in; null for the root, and where nobody knows.</param>
/// <param name="Difference">What became other, beside the properties; null for nothing.</param>
/// <param name="User">Whose token it is; null for a change of an object, whose record says what that is.</param>
internal readonly record struct ChangeDetail(string? Folder, string? Difference, CmsObject? User = null);
