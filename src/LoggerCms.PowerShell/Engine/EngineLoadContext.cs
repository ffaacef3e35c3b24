using System.Reflection;
using System.Runtime.Loader;

namespace LoggerCms.PowerShell.Engine;

/// <summary>
/// Holds the engine, the drivers and their native libraries apart from the shell's own assemblies,
/// so that another module's version of the same library never meets ours.
/// </summary>
internal sealed class EngineLoadContext() : AssemblyLoadContext("LoggerCms")
{
    private static readonly Assembly Contracts = typeof(ISideEngine).Assembly;

    // One for each assembly that something begins with; their dependencies overlap, and each is loaded once.
    private readonly List<AssemblyDependencyResolver> _resolvers = [];

    /// <summary>Loads an assembly that something begins with; what it needs is found by its <c>deps.json</c>.</summary>
    public Assembly LoadRoot(string path)
    {
        lock (_resolvers)
            _resolvers.Add(new AssemblyDependencyResolver(path));
        return LoadFromAssemblyPath(path);
    }

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // One Contracts for both sides of the wall: its types cross it.
        if (assemblyName.Name == Contracts.GetName().Name)
            return Contracts;

        return Resolve(resolver => resolver.ResolveAssemblyToPath(assemblyName)) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
        => Resolve(resolver => resolver.ResolveUnmanagedDllToPath(unmanagedDllName)) is { } path ? LoadUnmanagedDllFromPath(path) : 0;

    private string? Resolve(Func<AssemblyDependencyResolver, string?> find)
    {
        lock (_resolvers)
            return _resolvers.Select(find).FirstOrDefault(path => path is not null);
    }
}
