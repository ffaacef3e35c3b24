namespace LoggerCms.Client;

/// <summary>Finds what a node is started with: its program beside this assembly, and a runtime with ASP.NET Core, which a shell does not have.</summary>
internal static class NodeProgram
{
    private const string Program = "LoggerCms.Node.dll";
    private const string Framework = "Microsoft.AspNetCore.App";

    private static readonly string s_host = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";

    /// <exception cref="LoggerCmsException">EngineMissing.</exception>
    public static string Find()
    {
        var folder = Path.GetDirectoryName(typeof(NodeProgram).Assembly.Location)!;
        var path = Path.Combine(folder, Program);
        return File.Exists(path) ? path : throw new LoggerCmsException(
            ErrorCodes.EngineMissing, $"The node's program '{Program}' is not in '{folder}'.", "Install the module again, or build it with ./build.ps1 Build.");
    }

    /// <exception cref="LoggerCmsException">EngineMissing: no runtime that can run a node is on this machine.</exception>
    public static string FindHost(IReadOnlyList<string>? folders = null)
    {
        string[] looked = [.. (folders ?? [.. Folders()]).Distinct()];
        foreach (var folder in looked)
        {
            var host = Path.Combine(folder, s_host);
            if (File.Exists(host) && Versions(folder).Any(v => v.Major == Environment.Version.Major))
                return host;
        }

        throw new LoggerCmsException(
            ErrorCodes.EngineMissing,
            $"A node needs the ASP.NET Core {Environment.Version.Major} runtime ({Framework}), which was found in none of: {string.Join(", ", looked)}.",
            $"Install it (apt install aspnetcore-runtime-{Environment.Version.Major}.0; winget install Microsoft.DotNet.AspNetCore.{Environment.Version.Major}), or name its folder in DOTNET_ROOT.");
    }

    private static IEnumerable<Version> Versions(string folder)
    {
        var shared = Path.Combine(folder, "shared", Framework);
        if (!Directory.Exists(shared))
            yield break;
        foreach (var version in Directory.EnumerateDirectories(shared))
        {
            if (Version.TryParse(Path.GetFileName(version).Split('-')[0], out var parsed))
                yield return parsed;
        }
    }

    private static IEnumerable<string> Folders()
    {
        foreach (var variable in new[] { $"DOTNET_ROOT_{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToUpperInvariant()}", "DOTNET_ROOT" })
        {
            if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } root)
                yield return root;
        }

        foreach (var entry in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            var host = new FileInfo(Path.Combine(entry, s_host));
            if (host.Exists)
                yield return Path.GetDirectoryName(host.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? host.FullName)!;
        }

        if (OperatingSystem.IsWindows())
        {
            yield return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "dotnet");
            yield break;
        }

        foreach (var file in new[] { "/etc/dotnet/install_location" })
        {
            if (File.Exists(file) && File.ReadLines(file).FirstOrDefault() is { Length: > 0 } named)
                yield return named.Trim();
        }

        yield return "/usr/share/dotnet";
        yield return "/usr/lib/dotnet";
        yield return "/usr/local/share/dotnet";
    }
}
