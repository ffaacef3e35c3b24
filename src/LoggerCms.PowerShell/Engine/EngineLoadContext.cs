using System.Reflection;
using System.Runtime.Loader;

namespace LoggerCms.PowerShell.Engine;

/// <summary>
/// Holds the engine, the drivers and their native libraries apart from the shell's own assemblies,
/// so that another module's version of the same library never meets ours.
/// </summary>
internal sealed class EngineLoadContext(string enginePath) : AssemblyLoadContext("LoggerCms")
{
    private static readonly Assembly Contracts = typeof(ISideEngine).Assembly;
    private readonly AssemblyDependencyResolver _resolver = new(enginePath);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // One Contracts for both sides of the wall: its types cross it.
        if (assemblyName.Name == Contracts.GetName().Name)
            return Contracts;

        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    protected override nint LoadUnmanagedDll(string unmanagedDllName)
        => _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
