namespace LoggerCms.PowerShell.Engine;

/// <summary>The one engine of this process, loaded when the first cmdlet needs it.</summary>
internal static class EngineHost
{
    private const string FactoryType = "LoggerCms.Databases.SideEngineFactory";
    private const string FactoryFile = "LoggerCms.Databases.dll";
    private const string CmsToolsType = "LoggerCms.Client.CmsTools";
    private const string CmsToolsFile = "LoggerCms.Client.dll";
    private static readonly Lock Gate = new();
    private static ISideEngineFactory? s_factory;
    private static ISideEngine? s_engine;
    private static ITraceTools? s_traceTools;
    private static ITempTools? s_tempTools;
    private static ICmsTools? s_cmsTools;
    private static EngineLoadContext? s_context;

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

    /// <exception cref="LoggerCmsException">The module's engine folder is missing or not complete.</exception>
    public static ICmsTools GetCmsTools()
    {
        lock (Gate)
            return s_cmsTools ??= Load<ICmsTools>(CmsToolsFile, CmsToolsType);
    }

    private static ISideEngineFactory Factory() => s_factory ??= Load<ISideEngineFactory>(FactoryFile, FactoryType);

    private static T Load<T>(string file, string type)
    {
        var folder = Path.Combine(Path.GetDirectoryName(typeof(EngineHost).Assembly.Location)!, "engine");
        try
        {
            s_context ??= new EngineLoadContext(Path.Combine(folder, Root(folder)));
            var assembly = s_context.LoadFromAssemblyPath(Path.Combine(folder, file));
            return (T)Activator.CreateInstance(assembly.GetType(type, throwOnError: true)!)!;
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

    // Whose deps.json knows all that is in the folder.
    private static string Root(string folder) => File.Exists(Path.Combine(folder, CmsToolsFile)) ? CmsToolsFile : FactoryFile;
}
