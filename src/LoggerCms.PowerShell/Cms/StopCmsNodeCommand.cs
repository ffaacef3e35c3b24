using System.Management.Automation;
using LoggerCms.PowerShell.Engine;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Stops a node: it writes everything to its system database and leaves no delta file.</summary>
[Cmdlet(VerbsLifecycle.Stop, "CmsNode", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class StopCmsNodeCommand : NamedNodeCmdlet
{
    /// <summary>How long to wait until the node's process has gone.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    private protected override void Process(object? target)
    {
        if (AskNode(target) is not { } node
            || !ShouldProcess($"node {node.Name} at {node.Endpoint}", "Stop"))
        {
            return;
        }

        Tell($"Stopping node {node.Name}", target, (client, token) => EngineHost.GetCmsTools().StopNodeAsync(client, Timeout, token), OneOfMany);
        CmsSessions.Stopped();
    }
}
