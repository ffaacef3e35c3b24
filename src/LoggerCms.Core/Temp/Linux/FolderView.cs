using System.Globalization;
using System.Text.RegularExpressions;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>A folder as a process with a root or mounts of its own sees it. This machine's own view has no process.</summary>
/// <param name="ProcessId">The process through whose eyes it is seen; null for this one's.</param>
internal sealed partial record FolderView(int? ProcessId)
{
    public static FolderView Own { get; } = new((int?)null);

    /// <summary>What stands before a path of this view for this process to reach it.</summary>
    public string Root => ProcessId is { } id ? string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/root") : string.Empty;

    /// <summary>Takes a path apart into a view and the path in it: <c>/proc/ID/root/tmp</c> is <c>/tmp</c> as the process ID sees it.</summary>
    public static (FolderView View, string Path) Of(string path)
    {
        var match = ProcessRoot().Match(path);
        return match.Success
            ? (new FolderView(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)), match.Groups[2].Length == 0 ? "/" : match.Groups[2].Value)
            : (Own, path);
    }

    /// <summary>How this machine's shells name a path of this view: plainly where it is the very same folder.</summary>
    public string NameOf(string path)
    {
        if (ProcessId is null)
            return path;
        var (here, there) = (PathWalk.Of(Own, path), PathWalk.Of(this, path));
        return here.End is { } own && there.End is { } seen && own.Identity == seen.Identity ? path : Root + path;
    }

    [GeneratedRegex("^/proc/([0-9]{1,9})/root(/.*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex ProcessRoot();
}

/// <summary>One folder or file on the way of a path.</summary>
/// <param name="Path">In the view.</param>
/// <param name="Stat">What the file system says of it.</param>
/// <param name="Target">Where it leads, if it is a link.</param>
internal sealed record PathStep(string Path, FileStat Stat, string? Target);

/// <summary>
/// A path followed step by step, links too, in a view: so that every folder on the way is known, and a link in another
/// process's root leads where it leads for that process.
/// </summary>
internal sealed class PathWalk
{
    private const int MostLinks = 40;
    private readonly List<PathStep> _steps = [];

    private PathWalk(string last) => Last = last;

    /// <summary>Folders and links in the order in which they were passed, the last one what the path leads to.</summary>
    public IReadOnlyList<PathStep> Steps => _steps;

    public IEnumerable<PathStep> Links => _steps.Where(s => s.Target is not null);

    /// <summary>Where the walk ended: the folder without links, or what stopped it.</summary>
    public string Last { get; private set; }

    /// <summary>What stopped it, 0 if nothing.</summary>
    public int Error { get; private set; }

    /// <summary>What the path leads to; null where it leads nowhere.</summary>
    public FileStat? End => Error == 0 ? _steps[^1].Stat : null;

    /// <summary>Folders that must be passed to get at the last one.</summary>
    public IEnumerable<PathStep> Parents => _steps.Take(_steps.Count - (Error == 0 ? 1 : 0)).Where(s => s.Target is null).DistinctBy(s => s.Path);

    public static PathWalk Of(FolderView view, string path)
    {
        var walk = new PathWalk("/");
        walk.Follow(view.Root, path);
        return walk;
    }

    private void Follow(string root, string path)
    {
        var waiting = new Stack<string>();
        Push(path);
        var links = 0;
        if (!Take(root, "/", null))
            return;
        while (waiting.TryPop(out var name))
        {
            if (name == "..")
            {
                Last = Last == "/" ? "/" : Parent(Last);
                if (waiting.Count == 0 && !Take(root, Last, null))
                    return;
                continue;
            }

            var here = Last;
            var next = here == "/" ? "/" + name : $"{here}/{name}";
            if (FileStat.OfPath(root + next, out _) is not { IsLink: true })
            {
                if (!Take(root, next, null))
                    return;
                continue;
            }

            if (++links > MostLinks)
            {
                (Last, Error) = (next, Errno.Loop);
                return;
            }

            var target = new FileInfo(root + next).LinkTarget ?? string.Empty;
            if (!Take(root, next, target))
                return;
            Last = target.StartsWith('/') ? "/" : here;
            Push(target);
            if (waiting.Count == 0 && !Take(root, Last, null))
                return;
        }

        void Push(string text)
        {
            foreach (var part in text.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse().Where(p => p != "."))
                waiting.Push(part);
        }
    }

    private bool Take(string root, string path, string? target)
    {
        Last = path;

        // The root of another process is a link of the proc file system; with the slash its end is looked at.
        var stat = FileStat.OfPath(path == "/" ? root + "/" : root + path, out var error);
        if (stat is null)
        {
            Error = error;
            return false;
        }

        _steps.Add(new PathStep(path, stat, target));
        return true;
    }

    private static string Parent(string path) => path.LastIndexOf('/') is var at && at <= 0 ? "/" : path[..at];
}
