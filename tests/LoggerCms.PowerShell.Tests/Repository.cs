using System.Reflection;

namespace LoggerCms.PowerShell.Tests;

/// <summary>Where the checkout is that this assembly was built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Path.GetFullPath(Metadata("RepositoryRoot"));

    public static string Configuration { get; } = Metadata("Configuration");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The assembly that a src project was built to.</summary>
    public static string Assembly(string project)
        => PathOf("src", project, "bin", Configuration, "net10.0", project + ".dll");

    /// <summary>Source files that people wrote: nothing under bin or obj.</summary>
    public static IEnumerable<string> SourceFiles()
        => new[] { "src", "tests", "examples" }
            .Select(folder => PathOf(folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(path => !Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    private static string Metadata(string key)
        => typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
