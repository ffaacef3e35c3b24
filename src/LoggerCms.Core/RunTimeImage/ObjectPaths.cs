using System.Text;

namespace LoggerCms.Core.RunTimeImage;

/// <summary>
/// The tree by names: <c>/Root Folder/Sales/Q1</c>. The root itself is <c>/</c>. A slash or backslash in a name is written with a backslash before
/// it. On the live view a folder that is moved meanwhile may show either place; on a snapshot there is one answer.
/// </summary>
internal static class ObjectPaths
{
    /// <summary>Deeper folders are refused by <see cref="MayStand"/>, and a walk upwards ends here whatever it finds.</summary>
    public const int MaxDepth = 256;

    /// <summary>In characters. Longer ones are refused where an object is made, renamed or moved; what was made before that bound may have one.</summary>
    public const int LongestPath = 4096;

    /// <summary>The folder, its folder, and so on up to the root; ends where a parent is missing.</summary>
    public static IEnumerable<CmsObject> Ancestors(IObjectView view, CmsObject one)
    {
        var parentId = one.ParentId;
        for (var depth = 0; depth < MaxDepth && parentId != 0 && view.Find(parentId) is { } parent; depth++)
        {
            yield return parent;
            parentId = parent.ParentId;
        }
    }

    public static bool IsBelow(IObjectView view, CmsObject one, long ancestorId)
    {
        foreach (var above in Ancestors(view, one))
        {
            if (above.Id == ancestorId)
                return true;
        }

        return false;
    }

    /// <summary>Every object below, a folder before what lies in it; each once, also where the tree changes meanwhile.</summary>
    public static IEnumerable<CmsObject> Descendants(IObjectView view, long id) => Below(view, new HashSet<long> { id }).Where(one => one.Id != id);

    /// <summary>Every object that lies below one of those; each once, and each folder is looked into once, also where they lie in each other.</summary>
    public static IEnumerable<CmsObject> Below(IObjectView view, IReadOnlySet<long> ids)
    {
        var seen = new HashSet<long>();
        var folders = new Stack<long>(ids);
        while (folders.TryPop(out var folder))
        {
            foreach (var child in view.Children(folder))
            {
                if (!seen.Add(child.Id))
                    continue;
                if (!ids.Contains(child.Id))
                    folders.Push(child.Id);
                yield return child;
            }
        }
    }

    /// <summary>The object's path; it begins with <c>…</c> where a folder above is missing.</summary>
    public static string Of(IObjectView view, CmsObject one)
    {
        if (one.ParentId == 0)
            return "/";
        var names = new List<string> { one.Name };
        var top = one;
        foreach (var above in Ancestors(view, one))
        {
            top = above;
            if (above.ParentId != 0)
                names.Add(above.Name);
        }

        var path = new StringBuilder(top.ParentId == 0 ? "" : "…");
        for (var i = names.Count - 1; i >= 0; i--)
            path.Append('/').Append(Escape(names[i]));
        return path.ToString();
    }

    /// <summary>The path of what has the name in a folder with the path.</summary>
    public static string Of(string folder, string name) => $"{(folder == "/" ? "" : folder)}/{Escape(name)}";

    /// <summary>The object at a path, whatever the case; null where there is none or the path does not begin with <c>/</c>.</summary>
    /// <param name="view">The view that it is looked for in.</param>
    /// <param name="path">A path as <see cref="Of(IObjectView, CmsObject)"/> gives it; a slash at its end counts for nothing.</param>
    /// <param name="rootId">Where <c>/</c> is.</param>
    public static CmsObject? Find(IObjectView view, string path, long rootId = SystemObjects.Root)
    {
        if (!path.StartsWith('/'))
            return null;
        var found = view.Find(rootId);
        var name = new StringBuilder();
        for (var at = 1; at <= path.Length && found is not null; at++)
        {
            if (at < path.Length && path[at] != '/')
            {
                at += path[at] == '\\' && at + 1 < path.Length ? 1 : 0;
                name.Append(path[at]);
            }
            else if (name.Length > 0)
            {
                found = view.FindChild(found.Id, name.ToString());
                name.Clear();
            }
            else if (at < path.Length)
            {
                return null;
            }
        }

        return found;
    }

    private static string Escape(string name) => name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal);

    /// <summary>What a name adds to a path.</summary>
    public static int LengthOf(string name) => 1 + name.Length + name.AsSpan().Count('/') + name.AsSpan().Count('\\');

    /// <summary>
    /// Whether an object can stand in a folder under a name: not in itself or what lies below it, nor so that it or what lies below it has too deep or
    /// too long a path. Looks at all that lies below.
    /// </summary>
    public static bool MayStand(IObjectView view, long id, long parentId, string name, int longestPath = LongestPath)
    {
        if (id == parentId || view.Find(parentId) is not { } parent)
            return false;
        var (depth, length) = (1, LengthOf(name) + (parent.ParentId == 0 ? 0 : LengthOf(parent.Name)));
        foreach (var above in Ancestors(view, parent))
        {
            if (above.Id == id)
                return false;
            depth++;
            length += above.ParentId == 0 ? 0 : LengthOf(above.Name);
        }

        var (height, longest) = Reach(view, id);
        return depth + height < MaxDepth && length + longest <= longestPath;
    }

    // How many levels there are from the object down, and how much the longest path is longer than its own. Each object has one folder, so that only
    // through itself can there be a circle; it may be moved out of one.
    private static (int Height, int Longest) Reach(IObjectView view, long id)
    {
        List<(long Id, int Length)> level = [(id, 0)];
        var (height, longest) = (0, 0);
        for (; level.Count > 0 && height <= MaxDepth; height++)
        {
            List<(long Id, int Length)> next = [];
            foreach (var (folder, length) in level)
                next.AddRange(view.Children(folder).Where(child => child.Id != id).Select(child => (child.Id, length + LengthOf(child.Name))));
            foreach (var (_, length) in next)
                longest = Math.Max(longest, length);
            level = next;
        }

        return (height, longest);
    }
}
