using System.Globalization;
using System.Text;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>What the proc file system tells of a running process.</summary>
internal static class ServiceProcess
{
    /// <summary>The account, groups and capabilities that it has now.</summary>
    /// <exception cref="LoggerCmsException">ProcessNotFound.</exception>
    public static LinuxAccount Account(int processId)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(FileOf(processId, "status"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LoggerCmsException(
                ErrorCodes.ProcessNotFound,
                $"There is no process {processId}, or it cannot be looked at: {exception.Message}",
                "Get-Process lists the processes; root sees them all.",
                innerException: exception);
        }

        // Real, effective, saved and file system id: the last one is what files are checked against.
        var user = uint.Parse(Fields("Uid")[3], CultureInfo.InvariantCulture);
        var group = uint.Parse(Fields("Gid")[3], CultureInfo.InvariantCulture);
        var groups = Fields("Groups").Select(g => uint.Parse(g, CultureInfo.InvariantCulture));
        var capabilities = ulong.Parse(Fields("CapEff")[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var known = LinuxAccount.ByNumber(user);
        return new LinuxAccount(known.Name, user, group, new HashSet<uint>([group, .. groups]), known.Home, capabilities);

        string[] Fields(string name) => lines.First(l => l.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..]
            .Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The process's TMPDIR; false where its environment cannot be read. What it set itself after its start is not seen.</summary>
    public static bool TryReadTemp(int processId, out string? folder)
    {
        folder = null;
        try
        {
            var text = Encoding.UTF8.GetString(File.ReadAllBytes(FileOf(processId, "environ")));
            folder = text.Split('\0').FirstOrDefault(v => v.StartsWith(TempVariable + "=", StringComparison.Ordinal))?[(TempVariable.Length + 1)..];
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public const string TempVariable = "TMPDIR";

    /// <summary>What a process without the variable uses.</summary>
    public const string DefaultTemp = "/tmp";

    /// <summary>The view of the process; this machine's own where both share mounts and root.</summary>
    /// <returns>Null where that cannot be found out.</returns>
    public static FolderView? View(int processId)
    {
        try
        {
            var same = LinkOf(FileOf(processId, "ns/mnt")) == LinkOf("/proc/self/ns/mnt") && LinkOf(FileOf(processId, "root")) == LinkOf("/proc/self/root");
            return same ? FolderView.Own : new FolderView(processId);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string LinkOf(string path) => new FileInfo(path).LinkTarget ?? throw new IOException($"'{path}' cannot be read.");

    private static string FileOf(int processId, string name) => string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/{name}");
}
