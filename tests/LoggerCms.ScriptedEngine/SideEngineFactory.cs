namespace LoggerCms.Databases;

/// <summary>Found by the module in the place of the real engine's factory.</summary>
public sealed class SideEngineFactory : ISideEngineFactory
{
    public ISideEngine Create() => new ScriptedEngine();

    public ITraceTools CreateTraceTools() => new ScriptedTraceTools();

    public ITempTools CreateTempTools() => new ScriptedTempTools();
}
