namespace LoggerCms.PowerShell.Engine;

/// <summary>The one engine of this process, loaded when the first cmdlet needs it.</summary>
internal static class EngineHost
{
    private const string FactoryType = "LoggerCms.Databases.SideEngineFactory";
    private static readonly Lock Gate = new();
    private static ISideEngineFactory? s_factory;
    private static ISideEngine? s_engine;
    private static ITraceTools? s_traceTools;
    private static ITempTools? s_tempTools;

    /// <exception cref="LoggerCmsException">The module's engine folder is missing or not complete.</exception>
    public static ISideEngine Get()
    {
        lock (Gate)
            return s_engine ??= Factory().Create();
    }

    /// <exception cref="LoggerCmsException">The module's engine folder is missing or not complete.</exception>
    public static ITraceTools GetTraceTools()
    {
        lock (Gate)
            return s_traceTools ??= Factory().CreateTraceTools();
    }

    /// <exception cref="LoggerCmsException">The module's engine folder is missing or not complete.</exception>
    public static ITempTools GetTempTools()
    {
        lock (Gate)
            return s_tempTools ??= Factory().CreateTempTools();
    }

    private static ISideEngineFactory Factory() => s_factory ??= Load();

    private static ISideEngineFactory Load()
    {
        var folder = Path.Combine(Path.GetDirectoryName(typeof(EngineHost).Assembly.Location)!, "engine");
        var path = Path.Combine(folder, "LoggerCms.Databases.dll");
        try
        {
            var assembly = new EngineLoadContext(path).LoadFromAssemblyPath(path);
            return (ISideEngineFactory)Activator.CreateInstance(assembly.GetType(FactoryType, throwOnError: true)!)!;
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
