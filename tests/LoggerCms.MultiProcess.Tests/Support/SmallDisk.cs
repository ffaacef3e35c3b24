using System.Diagnostics;

namespace LoggerCms.MultiProcess.Tests.Support;

/// <summary>A file system of a few megabytes in memory, mounted on a folder until disposed. Needs root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    /// <summary>Mounts over a folder and keeps what the folder held; skips the test where mounting is not allowed.</summary>
    public static SmallDisk Over(string folder, long bytes)
    {
        Directory.CreateDirectory(folder);
        var held = Directory.GetFiles(folder).Select(f => (Path.GetFileName(f), File.ReadAllBytes(f))).ToList();
        Assert.SkipUnless(OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", $"size={bytes},mode=0700", "loggercms-test", folder), "Mounting a small file system needs root.");
        var disk = new SmallDisk(folder);
        foreach (var (name, content) in held)
            File.WriteAllBytes(Path.Combine(folder, name), content);
        return disk;
    }

    public void MakeReadOnly() => Assert.True(Run("mount", "-o", "remount,ro", _folder));

    public void MakeWritable() => Assert.True(Run("mount", "-o", "remount,rw", _folder));

    public void Grow(long bytes) => Assert.True(Run("mount", "-o", $"remount,size={bytes}", _folder));

    public void Dispose() => Run("umount", "-l", _folder);

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        process!.WaitForExit();
        return process.ExitCode == 0;
    }
}
