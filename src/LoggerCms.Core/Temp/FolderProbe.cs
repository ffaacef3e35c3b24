using System.Security.Cryptography;

namespace LoggerCms.Core.Temp;

/// <summary>What a probe found.</summary>
/// <param name="Cause">None where every step succeeded.</param>
/// <param name="Step">The step that failed: Create, Write, Read or Delete.</param>
/// <param name="Detail">The system's own words, or what was done.</param>
internal sealed record ProbeResult(TempAccessCause Cause, string Step, string Detail)
{
    public bool Succeeded => Cause == TempAccessCause.None;
}

/// <summary>
/// Uses a folder as a state transfer will, as the account of this process: creates a file that was not there, writes,
/// flushes to the disk, reads back and deletes.
/// </summary>
internal static class FolderProbe
{
    /// <summary>A probe writes no more than this; whether more finds room is told by the figures of the file system.</summary>
    public const int MostBytes = 16 << 20;

    public const int LeastBytes = 4096;

    /// <summary>How many bytes a probe writes.</summary>
    /// <param name="required">What must find room.</param>
    /// <param name="free">What the file system says is free; null where that is not known.</param>
    public static int Size(long required, long? free)
        => required > (free ?? long.MaxValue) ? LeastBytes : (int)Math.Clamp(required, LeastBytes, MostBytes);

    /// <summary>A name that no one else takes and that crashes leave recognisable.</summary>
    public static string NewName() => $"loggercms-{Guid.NewGuid():N}.probe";

    public static ProbeResult Run(string folder, int bytes)
    {
        var path = Path.Combine(folder, NewName());
        var step = "Create";
        try
        {
            using (var file = Create(path))
            {
                // Random, because a file system that packs would not need room for zeros.
                step = "Write";
                var written = RandomNumberGenerator.GetBytes(bytes);
                file.Write(written);
                file.Flush(flushToDisk: true);
                step = "Read";
                file.Position = 0;
                var read = new byte[bytes];
                file.ReadExactly(read);
                if (!read.AsSpan().SequenceEqual(written))
                    throw new IOException("What was read back is not what was written.");
            }

            step = "Delete";
            File.Delete(path);
            return new ProbeResult(TempAccessCause.None, step, FormattableString.Invariant($"created, wrote, flushed, read back and deleted {bytes} bytes"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var left = step is "Write" or "Read" && !TryRemove(path) ? $" '{path}' is left." : string.Empty;
            return new ProbeResult(ProbeCause.Of(exception), step, exception.Message + left);
        }
    }

    /// <summary>Removes what a probe has left; false where that is not possible.</summary>
    public static bool TryRemove(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(path, options);
    }
}

/// <summary>Which cause a failure of the file system stands for.</summary>
internal static class ProbeCause
{
    private const int DiskFullWindows = unchecked((int)0x80070070);
    private const int HandleDiskFullWindows = unchecked((int)0x80070027);
    private const int QuotaWindows = unchecked((int)0x80070510);
    private const int WriteProtectedWindows = unchecked((int)0x80070013);
    private const int FileExistsWindows = unchecked((int)0x80070050);

    public static TempAccessCause Of(Exception exception) => exception switch
    {
        UnauthorizedAccessException => TempAccessCause.AccessDenied,
        PathTooLongException => TempAccessCause.PathTooLong,
        DirectoryNotFoundException or FileNotFoundException => TempAccessCause.Missing,
        _ => exception.HResult switch
        {
            DiskFullWindows or HandleDiskFullWindows => TempAccessCause.DiskFull,
            QuotaWindows => TempAccessCause.QuotaExceeded,
            WriteProtectedWindows => TempAccessCause.ReadOnly,
            FileExistsWindows => TempAccessCause.NamesExhausted,
            _ => Of(exception.HResult),
        },
    };

    /// <summary>By an error number of Linux, which is also what .NET puts into an I/O exception's HResult there.</summary>
    public static TempAccessCause Of(int error) => error switch
    {
        Errno.PermissionDenied or Errno.NotPermitted => TempAccessCause.AccessDenied,
        Errno.NoEntry => TempAccessCause.Missing,
        Errno.NotAFolder => TempAccessCause.NotAFolder,
        Errno.NoSpace => TempAccessCause.DiskFull,
        Errno.ReadOnly => TempAccessCause.ReadOnly,
        Errno.NameTooLong => TempAccessCause.PathTooLong,
        Errno.Loop => TempAccessCause.UnsafeLink,
        Errno.Quota => TempAccessCause.QuotaExceeded,
        _ => TempAccessCause.NotDetermined,
    };
}

/// <summary>The error numbers of Linux that have a meaning here.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int NoProcess = 3;
    public const int PermissionDenied = 13;
    public const int NotAFolder = 20;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int NameTooLong = 36;
    public const int NotImplemented = 38;
    public const int Loop = 40;
    public const int NoData = 61;
    public const int NotSupported = 95;
    public const int Quota = 122;
}
