using System.Globalization;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>Where a path's file system is mounted.</summary>
/// <param name="Path">The mount point, in the view.</param>
/// <param name="IsReadOnly">Whether this mount is read-only.</param>
/// <param name="IsReadOnlyInside">Whether the file system itself is, for all its mounts.</param>
internal sealed record MountPoint(string Path, bool IsReadOnly, bool IsReadOnlyInside)
{
    private const int PathField = 4;
    private const int OptionsField = 5;

    public static MountPoint? Of(FolderView view, string path)
    {
        var file = view.ProcessId is { } id ? string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/mountinfo") : "/proc/self/mountinfo";
        try
        {
            return Find(File.ReadAllLines(file), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The last of the deepest mounts: a later one covers an earlier one.</summary>
    public static MountPoint? Find(IEnumerable<string> lines, string path)
        => lines.Select(Parse)
            .OfType<MountPoint>()
            .Where(m => m.Path == "/" || path == m.Path || path.StartsWith(m.Path + "/", StringComparison.Ordinal))
            .Aggregate((MountPoint?)null, (best, m) => best is null || m.Path.Length >= best.Path.Length ? m : best);

    /// <summary>The command that makes it writable.</summary>
    public string Remount(FolderView view)
    {
        var how = IsReadOnlyInside ? "remount,rw" : "remount,bind,rw";
        var enter = view.ProcessId is { } id ? string.Create(CultureInfo.InvariantCulture, $"nsenter --target {id} --mount ") : string.Empty;
        return $"{enter}mount -o {how} {TempRemedy.Quote(Path)}";
    }

    private static MountPoint? Parse(string line)
    {
        var fields = line.Split(' ');
        return fields.Length <= OptionsField
            ? null
            : new MountPoint(Unescape(fields[PathField]), HasReadOnly(fields[OptionsField]), HasReadOnly(fields[^1]));
    }

    private static bool HasReadOnly(string options) => options.Split(',').Contains("ro");

    /// <summary>Blank, tab, line feed and backslash stand as three octal digits.</summary>
    private static string Unescape(string text)
        => text.Replace(@"\040", " ", StringComparison.Ordinal).Replace(@"\011", "\t", StringComparison.Ordinal)
            .Replace(@"\012", "\n", StringComparison.Ordinal).Replace(@"\134", @"\", StringComparison.Ordinal);
}
