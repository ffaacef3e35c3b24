namespace LoggerCms.Core.Comparison;

/// <summary>A temporary file that only its owner reads and that is gone when it is closed, or its process ends.</summary>
internal static class ScratchFile
{
    private const int UnixNoSpace = 28;
    private const int UnixQuota = 122;
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <exception cref="LoggerCmsException">TempFolderUnusable.</exception>
    public static FileStream Create()
    {
        var folder = Path.GetTempPath();
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                Share = FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.DeleteOnClose,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var path = Path.Combine(folder, $"loggercms-{Guid.NewGuid():N}.scratch");
            var file = new FileStream(path, options);

            // An open file without a name does not outlive a killed process; Windows deletes on close by itself.
            if (!OperatingSystem.IsWindows())
                File.Delete(path);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(folder, e);
        }
    }

    /// <summary>What went wrong while such a file was written or read, as a typed failure.</summary>
    public static LoggerCmsException Failure(Exception e) => Failure(Path.GetTempPath(), e);

    private static LoggerCmsException Failure(string folder, Exception e)
        => e is IOException && e.HResult is UnixNoSpace or UnixQuota or WindowsDiskFull
            ? new LoggerCmsException(
                ErrorCodes.DiskFull,
                $"The temp folder '{folder}' is full; the comparison keeps there what it cannot hold in memory.",
                "Free space there, or set TMPDIR (Windows: TEMP) to a folder with room before starting PowerShell.",
                innerException: e)
            : new LoggerCmsException(
                ErrorCodes.TempFolderUnusable,
                $"The comparison cannot use the temp folder '{folder}': {e.Message}",
                $"Run Test-TempAccess -Path '{folder}', or set TMPDIR (Windows: TEMP) to another folder before starting PowerShell.",
                innerException: e);
}
