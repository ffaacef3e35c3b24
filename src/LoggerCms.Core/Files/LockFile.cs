namespace LoggerCms.Core.Files;

/// <summary>A file that one process at a time holds, until it lets go or ends.</summary>
internal static class LockFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>For its owner only: whoever may read it can hold it, and keep its owner out.</summary>
    /// <exception cref="IOException">Another holds it, or the disk fails.</exception>
    /// <exception cref="UnauthorizedAccessException">No right to it.</exception>
    public static FileStream Open(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (OperatingSystem.IsWindows())
            return new FileStream(path, options);
        options.UnixCreateMode = OwnerOnly;
        var file = new FileStream(path, options);
        try
        {
            if ((File.GetUnixFileMode(file.SafeFileHandle) & ~OwnerOnly) != 0)
                File.SetUnixFileMode(file.SafeFileHandle, OwnerOnly);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>One that is there on a disk that cannot be written: nobody who could write holds it while this is open. Null where it cannot be had.</summary>
    public static FileStream? TryOpenToRead(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.None });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
