namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// A file beside the database that one transfer at a time holds open. It is never the database file itself: closing a second handle of
/// that in this process would drop the locks that SQLite holds on it.
/// </summary>
internal static class SqliteTransferLock
{
    public const string Suffix = ".loggercms-lock";

    private const int WouldBlockLinux = 11;
    private const int WouldBlockMac = 35;
    private const int NoSpaceUnix = 28;
    private const int SharingViolationWindows = unchecked((int)0x80070020);
    private const int LockViolationWindows = unchecked((int)0x80070021);
    private const int DiskFullWindows = unchecked((int)0x80070070);

    /// <summary>Null when another transfer holds it. The system lets go of it when the process ends, however it ends.</summary>
    public static IAsyncDisposable? TryTake(string database, string side, Guid transferId)
    {
        var path = database + Suffix;
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
                BufferSize = 0,
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var file = new FileStream(path, options);
            file.Write(transferId.ToByteArray(bigEndian: true));
            if (OperatingSystem.IsWindows())
                return file;
            if (Holds(file, path))
                return new HeldFile(file, path);

            // The holder before deleted the file between this open and its lock. What is held now has no name and shuts nobody out.
            file.Dispose();
            return null;
        }
        catch (IOException e) when (e.HResult is WouldBlockLinux or WouldBlockMac or SharingViolationWindows or LockViolationWindows)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LoggerCmsException(
                e.HResult is NoSpaceUnix or DiskFullWindows ? ErrorCodes.DiskFull : ErrorCodes.AccessDenied,
                $"The lock file '{path}' cannot be made: {e.Message}",
                "Give this account a folder of the database that it can write, with room: SQLite, too, keeps its journal there.",
                side,
                innerException: e);
        }
    }

    /// <summary>
    /// True when the name still leads to the file that is held. It is marked by a time that no other file has: reading it back by name
    /// opens nothing, where a second handle would run into the lock of the first.
    /// </summary>
    private static bool Holds(FileStream file, string path)
    {
        var mark = DateTime.UnixEpoch.AddTicks(Random.Shared.NextInt64(TimeSpan.TicksPerDay, DateTime.UtcNow.Ticks - DateTime.UnixEpoch.Ticks));
        File.SetLastWriteTimeUtc(file.SafeFileHandle, mark);
        return File.GetLastWriteTimeUtc(path) == File.GetLastWriteTimeUtc(file.SafeFileHandle);
    }

    /// <summary>Deletes the file while it still holds it, and only if it does: it might otherwise be the next holder's.</summary>
    private sealed class HeldFile(FileStream file, string path) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            if (!file.CanRead)
                return ValueTask.CompletedTask;
            File.Delete(path);
            return file.DisposeAsync();
        }
    }
}
