using System.Diagnostics;
using System.Text.RegularExpressions;

namespace LoggerCms.MultiProcess.Tests.Support;

/// <summary>A system call that succeeded: what strace wrote of its arguments, and its first and last line in the log.</summary>
internal sealed record SystemCall(string Name, string Arguments, int Began, int Ended)
{
    public bool Syncs(string path) => Name is "fsync" or "fdatasync" && Arguments.EndsWith($"<{path}>", StringComparison.Ordinal);

    public bool Writes(string path) => Name is "write" or "pwrite64" && Arguments.Contains($"<{path}>,", StringComparison.Ordinal);

    public bool Renames(string from, string to)
        => Name.StartsWith("rename", StringComparison.Ordinal) && Arguments.Contains($"\"{from}\"", StringComparison.Ordinal) && Arguments.Contains($"\"{to}\"", StringComparison.Ordinal);

    public bool Unlinks(string path) => Name.StartsWith("unlink", StringComparison.Ordinal) && Arguments.Contains($"\"{path}\"", StringComparison.Ordinal);
}

/// <summary>Runs a host under strace and reads what it asked of the kernel, in order.</summary>
internal static partial class SystemCalls
{
    private const string Traced = "trace=fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,write,pwrite64";

    /// <summary>Why there is no tracing here; null where there is.</summary>
    public static string? Missing()
    {
        if (!OperatingSystem.IsLinux())
            return "strace is of Linux.";
        try
        {
            using var probe = Process.Start(new ProcessStartInfo("strace", ["-f", "-y", "--seccomp-bpf", "-o", "/dev/null", "true"]) { RedirectStandardError = true })!;
            var said = probe.StandardError.ReadToEnd();
            probe.WaitForExit();
            return probe.ExitCode == 0 ? null : $"strace may not trace here: {said}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "strace is not installed.";
        }
    }

    public static Host Start(string log, string home, string temp, params string[] arguments)
        => Host.StartUnder("strace", ["-f", "-y", "--seccomp-bpf", "-s", "0", "-o", log, "-e", Traced], home, temp, arguments);

    public static List<SystemCall> Read(string log)
    {
        var calls = new List<SystemCall>();
        var open = new Dictionary<string, (string Call, int Line)>(StringComparer.Ordinal);
        var lines = File.ReadAllLines(log);
        for (var i = 0; i < lines.Length; i++)
        {
            var (process, text, began) = (lines[i].Split(' ')[0], lines[i][(lines[i].IndexOf(' ', StringComparison.Ordinal) + 1)..].TrimStart(), i);
            if (text.EndsWith("<unfinished ...>", StringComparison.Ordinal))
            {
                open[process] = (text[..^"<unfinished ...>".Length].TrimEnd(), i);
                continue;
            }

            if (Resumed().Match(text) is { Success: true } resumed)
            {
                if (!open.Remove(process, out var start))
                    continue;
                (text, began) = (start.Call + resumed.Groups[1].Value, start.Line);
            }

            if (Whole().Match(text) is { Success: true } whole && !whole.Groups[3].Value.StartsWith('-'))
                calls.Add(new SystemCall(whole.Groups[1].Value, whole.Groups[2].Value, began, i));
        }

        return calls;
    }

    [GeneratedRegex(@"^<\.\.\. \w+ resumed>(.*)$")]
    private static partial Regex Resumed();

    [GeneratedRegex(@"^(\w+)\((.*)\)\s+= (-?\d+)")]
    private static partial Regex Whole();
}
