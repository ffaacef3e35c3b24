namespace LoggerCms.Transfer.Tests.Support;

internal static class FileModes
{
    public static UnixFileMode Of(string path)
        => OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException() : File.GetUnixFileMode(path);
}
