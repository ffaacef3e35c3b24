namespace LoggerCms.PowerShell.Engine;

/// <summary>The one engine of this process, loaded when the first cmdlet needs it.</summary>
internal static class EngineHost
{
    private const string FactoryType = "LoggerCms.Databases.SideEngineFactory";
    private static readonly Lock Gate = new();
    private static ISideEngine? s_engine;

    /// <exception cref="LoggerCmsException">The module's engine folder is missing or not complete.</exception>
    public static ISideEngine Get()
    {
        lock (Gate)
            return s_engine ??= Load();
    }

    private static ISideEngine Load()
    {
        var folder = Path.Combine(Path.GetDirectoryName(typeof(EngineHost).Assembly.Location)!, "engine");
        var path = Path.Combine(folder, "LoggerCms.Databases.dll");
        try
        {
            var assembly = new EngineLoadContext(path).LoadFromAssemblyPath(path);
            var factory = (ISideEngineFactory)Activator.CreateInstance(assembly.GetType(FactoryType, throwOnError: true)!)!;
            return factory.Create();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or BadImageFormatException or TypeLoadException)
        {
            throw new LoggerCmsException(
                ErrorCodes.EngineMissing,
                $"The engine cannot be loaded from '{folder}': {e.Message}",
                "Install the module again, or build it with ./build.ps1 Build.",
                innerException: e);
        }
    }
}
