namespace LoggerCms.Core.Temp.Linux;

/// <summary>Folders whose rights are changed only when forced: the system's, those that all share, and other accounts' homes.</summary>
internal static class ProtectedFolders
{
    private const string AccountFile = "/etc/passwd";

    /// <summary>With everything below.</summary>
    private static readonly string[] s_trees =
        ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/sbin", "/sys", "/usr"];

    /// <summary>Themselves; folders below are for services. /tmp is everyone's: what is wrong with it is not one account's right.</summary>
    private static readonly string[] s_folders =
    [
        "/", "/dev/shm", "/home", "/media", "/mnt", "/opt", "/run", "/run/lock", "/run/user", "/srv", "/tmp", "/var", "/var/cache", "/var/lib", "/var/lock",
        "/var/log", "/var/opt", "/var/run", "/var/spool", "/var/tmp",
    ];

    /// <summary>Why not; null where nothing speaks against it.</summary>
    /// <param name="path">In the view, without links.</param>
    /// <param name="identity">The folder's, so that another mount of it is known too.</param>
    /// <param name="account">For whom.</param>
    public static string? Why(string path, FolderIdentity identity, string account)
    {
        if (s_trees.FirstOrDefault(t => IsIn(path, t)) is { } tree && !path.StartsWith("/dev/shm/", StringComparison.Ordinal))
            return path == tree ? "it is a system folder" : $"it is part of the system folder {tree}";
        if (s_folders.Contains(path) || s_trees.Concat(s_folders).Any(f => PathWalk.Of(FolderView.Own, f).End?.Identity == identity))
            return "it is a folder of the system, or one that all accounts share";
        var own = LinuxAccount.ByName(account).Home;
        if (own is not null && IsHome(own) && IsIn(path, own))
            return null;
        if (Homes().FirstOrDefault(h => IsIn(path, h.Home)) is { Name: not null } other)
            return $"it is in the home of {other.Name}";
        return IsIn(path, "/home") ? "it is in another account's home" : null;
    }

    private static IEnumerable<(string Name, string Home)> Homes()
        => File.Exists(AccountFile)
            ? File.ReadLines(AccountFile).Select(line => line.Split(':')).Where(p => p.Length > 5 && IsHome(p[5])).Select(p => (p[0], p[5].TrimEnd('/')))
            : [];

    /// <summary>Accounts of the system have folders for a home that are no one's.</summary>
    private static bool IsHome(string path) => path.Length > 1 && !s_folders.Contains(path) && !s_trees.Any(t => IsIn(path, t));

    private static bool IsIn(string path, string folder)
        => path == folder || (path.StartsWith(folder, StringComparison.Ordinal) && path.Length > folder.Length && path[folder.Length] == '/');
}
