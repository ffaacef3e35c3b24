using LoggerCms.Core.Temp.Linux;

namespace LoggerCms.Core.Temp;

/// <summary>
/// A temp folder as the account of this very process sees it: the probe of Test-TempAccess, in this process and without a
/// child, so that it costs a transfer no more than a small file.
/// </summary>
internal static class OwnTemp
{
    /// <exception cref="LoggerCmsException">TempFolderUnusable or DiskFull, with the typed cause and the command against it.</exception>
    public static void Require(string folder)
    {
        var probe = FolderProbe.Run(folder, FolderProbe.LeastBytes);
        if (!probe.Succeeded)
            throw Failure(Refine(probe.Cause, folder), folder, $"{probe.Step}: {probe.Detail}", null);
    }

    /// <summary>What is free for this account; its quota counts where the system tells it.</summary>
    public static long FreeBytes(string folder)
    {
        if (!OperatingSystem.IsLinux())
            return new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        var free = FileSystemFigures.Of(folder, out _)?.FreeBytes ?? long.MaxValue;
        var quota = new QuotaChecks(new TempCheckList(folder, Environment.UserName), LinuxAccount.Current(), 0).Run(folder);
        return Math.Min(free, quota ?? long.MaxValue);
    }

    /// <param name="cause">One that is not None.</param>
    /// <param name="folder">The folder that cannot be used.</param>
    /// <param name="said">The system's own words.</param>
    /// <param name="inner">The failure as it came.</param>
    public static LoggerCmsException Failure(TempAccessCause cause, string folder, string said, Exception? inner)
    {
        var full = cause is TempAccessCause.DiskFull or TempAccessCause.QuotaExceeded or TempAccessCause.NoInodes;
        return new LoggerCmsException(
            full ? ErrorCodes.DiskFull : ErrorCodes.TempFolderUnusable,
            $"'{folder}' cannot be used by {Environment.UserName} ({cause}): {said}",
            Remedy(cause, folder, 0),
            innerException: inner);
    }

    /// <summary>The command that repairs the folder, and the ways round it.</summary>
    public static string Remedy(TempAccessCause cause, string folder, long bytes)
    {
        var command = cause switch
        {
            TempAccessCause.AccessDenied => TempRemedy.Repair(Real(folder), Environment.UserName),
            TempAccessCause.Missing => TempRemedy.Make(folder, Environment.UserName),
            _ => TempRemedy.Test(folder, Environment.UserName, bytes),
        };
        return $"{command}\nOr name another folder with -TempPath, use -Spool None, or let the transfer go on without a spool by itself with -AllowStreaming.";
    }

    /// <summary>The folder itself, where a link leads to it: rights are not changed through one.</summary>
    private static string Real(string folder)
        => OperatingSystem.IsLinux() && PathWalk.Of(FolderView.Own, Path.GetFullPath(folder)) is { End: not null } walk ? walk.Last : folder;

    /// <summary>What an exception alone does not tell apart.</summary>
    public static TempAccessCause Refine(TempAccessCause cause, string folder)
    {
        if (cause == TempAccessCause.Missing)
        {
            for (var part = folder; part is { Length: > 0 }; part = Path.GetDirectoryName(part))
            {
                if (File.Exists(part))
                    return TempAccessCause.NotAFolder;
            }
        }

        return cause == TempAccessCause.DiskFull && OperatingSystem.IsLinux() && FileSystemFigures.Of(folder, out _)?.FreeInodes == 0
            ? TempAccessCause.NoInodes
            : cause;
    }
}
