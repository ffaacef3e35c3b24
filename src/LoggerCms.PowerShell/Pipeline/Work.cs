using LoggerCms.PowerShell.Engine;

namespace LoggerCms.PowerShell.Pipeline;

/// <summary>What a cmdlet's task works with.</summary>
/// <param name="Queue">The way back to the pipeline thread.</param>
/// <param name="Progress">Takes the engine's progress.</param>
internal sealed record Work(PipelineQueue Queue, IProgress<TransferProgress> Progress)
{
    /// <summary>The engine.</summary>
    public ISideEngine Engine => EngineHost.Get();

    /// <summary>The reading and judging of traces.</summary>
    public ITraceTools TraceTools => EngineHost.GetTraceTools();

    /// <summary>The checks and repairs of temp folders.</summary>
    public ITempTools TempTools => EngineHost.GetTempTools();

    /// <summary>Nodes and what they leave on disk.</summary>
    public ICmsTools CmsTools => EngineHost.GetCmsTools();
}
