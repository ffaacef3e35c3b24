using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using LoggerCms.Core;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.Security;

namespace LoggerCms.Client;

/// <summary>What a node leaves in its data folder for whoever looks after it.</summary>
internal sealed partial class NodeFolder(string path)
{
    // Enough for what a node says when it ends.
    private const int TailBytes = 16 << 10;

    public string DataPath => path;

    public string LogPath => Path.Combine(path, "node.log");

    public static NodeFolder Of(CmsNodeStart start)
        => new(Path.GetFullPath(start.DataPath ?? Path.Combine(LoggerHome.Folder("nodes"), start.Name ?? Environment.MachineName)));

    /// <summary>The process and the address of the node that was last started; null before it listens.</summary>
    public (int ProcessId, Uri Endpoint)? State()
    {
        if (SecretFile.Read(SystemFiles.Instance, Path.Combine(path, NodeIdentity.StateFile)) is not { } bytes)
            return null;
        var lines = Encoding.UTF8.GetString(bytes).Split('\n');
        return lines.Length >= 2
            && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && Uri.TryCreate(lines[1], UriKind.Absolute, out var endpoint)
            ? (id, endpoint)
            : null;
    }

    public LocalProfile? Profile()
    {
        var file = Path.Combine(path, NodeIdentity.ProfileFile);
        return SystemFiles.Instance.Find(file) is null ? null : LocalProfile.Read(SystemFiles.Instance, file);
    }

    /// <summary>Whether the node's delta folder holds delta files.</summary>
    public static bool HasDeltas(string deltaPath) => SystemFiles.Instance.List(deltaPath).Any(f => DeltaNames.IsSegment(f.Path));

    /// <summary>Where the log ends now; what comes behind it is of a later start.</summary>
    public long LogEnd() => SystemFiles.Instance.Find(LogPath)?.Length ?? 0;

    /// <summary>Why the node ended, from the last lines of its log.</summary>
    /// <param name="from">Where its part of the log begins.</param>
    /// <param name="others">Lines that did not get as far as the log.</param>
    /// <returns>Null where it says nothing.</returns>
    public LoggerCmsException? Reason(long from, IReadOnlyList<string> others)
    {
        string[] lines = [.. Tail(from).Concat(others).Where(line => !string.IsNullOrWhiteSpace(line))];
        var remedy = $"Get-Content '{LogPath.Replace("'", "''", StringComparison.Ordinal)}' -Tail 20 shows its log.";
        if (lines.Select(line => TypedLine().Match(line)).LastOrDefault(m => m.Success) is { } typed)
            return new LoggerCmsException(typed.Groups[1].Value, typed.Groups[2].Value, typed.Groups[3].Success ? typed.Groups[3].Value : remedy);
        return lines.Length == 0 ? null : new LoggerCmsException(ErrorCodes.Unexpected, $"The node ended: {string.Join(" ", lines.TakeLast(4))}", remedy);
    }

    private IEnumerable<string> Tail(long from)
    {
        if (SystemFiles.Instance.Find(LogPath) is not { } entry || entry.Length <= from)
            return [];
        using var file = SystemFiles.Instance.Open(LogPath);
        var start = Math.Max(from, entry.Length - TailBytes);
        var bytes = new byte[entry.Length - start];
        var read = file.ReadFully(bytes, start);
        return Encoding.UTF8.GetString(bytes, 0, read).Split('\n', StringSplitOptions.TrimEntries);
    }

    [GeneratedRegex(@"^\[(\w+)\] ([^\t]+)(?:\t(.+))?$")]
    private static partial Regex TypedLine();
}
