using System.Diagnostics;

namespace LoggerCms.Core.Tests.Temp;

/// <summary>The real parts of these tests: accounts, mounts and processes that exist for them only. What is not there is a named skip.</summary>
internal static class Machine
{
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static void NeedsRoot()
        => Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Needs root on Linux.");

    public static void Needs(params string[] programs)
    {
        foreach (var program in programs)
            Assert.SkipUnless(Find(program) is not null, $"Needs {program}.");
    }

    public static string Run(string program, params string[] arguments)
    {
        var (exitCode, output) = Try(program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)}: {output}");
        return output;
    }

    public static (int ExitCode, string Output) Try(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Find(program)!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync(Token);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.GetAwaiter().GetResult());
    }

    private static string? Find(string program)
        => new[] { "/usr/bin", "/bin", "/usr/sbin", "/sbin" }.Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
}

/// <summary>A service account that exists until disposed, with a group of its own.</summary>
internal sealed class ServiceAccount : IDisposable
{
    private readonly List<string> _groups = [];

    public ServiceAccount()
    {
        Machine.NeedsRoot();
        Machine.Needs("useradd", "userdel", "setpriv", "setfacl", "getfacl", "mount");
        Machine.Run("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", Name);
    }

    public string Name { get; } = $"lcms{Guid.NewGuid():N}"[..16];

    public string AddGroup()
    {
        var group = $"lcmg{Guid.NewGuid():N}"[..16];
        Machine.Run("groupadd", group);
        _groups.Add(group);
        Machine.Run("usermod", "--append", "--groups", group, Name);
        return group;
    }

    public void Dispose()
    {
        Machine.Run("userdel", Name);
        foreach (var group in _groups)
            Machine.Run("groupdel", group);
    }
}

/// <summary>A folder that every account can get at, and that goes with what was mounted in it.</summary>
internal sealed class OpenFolder : IDisposable
{
    private readonly List<string> _mounts = [];

    public OpenFolder()
    {
        Path = Directory.CreateDirectory($"/var/tmp/loggercms-{Guid.NewGuid():N}").FullName;
        Mode(Path, "755");
    }

    public string Path { get; }

    public static void Mode(string path, string mode) => Machine.Run("chmod", mode, path);

    public static string State(string path) => Machine.Run("stat", "-c", "%a %U %G", path) + Machine.Run("getfacl", "-p", path);

    public string Make(string name, string mode = "700")
    {
        var path = Directory.CreateDirectory(At(name)).FullName;
        Mode(path, mode);
        return path;
    }

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public string Mount(string name, string type, string options)
    {
        var path = Make(name);
        Machine.Run("mount", "-t", type, "-o", options, "loggercms-test", path);
        _mounts.Add(path);
        return path;
    }

    /// <summary>Mounts a file that holds a file system on a folder named as its type.</summary>
    public bool TryMountImage(string image, string type)
    {
        var path = Make(type);
        if (Machine.Try("mount", "-t", type, "-o", "loop", image, path).ExitCode != 0)
            return false;
        _mounts.Add(path);
        return true;
    }

    public string BindReadOnly(string source, string name)
    {
        var path = Make(name);
        Machine.Run("mount", "--bind", source, path);
        _mounts.Add(path);
        Machine.Run("mount", "-o", "remount,bind,ro", path);
        return path;
    }

    public void Dispose()
    {
        foreach (var mount in Enumerable.Reverse(_mounts))
            Machine.Run("umount", "-l", mount);
        Directory.Delete(Path, recursive: true);
    }
}
