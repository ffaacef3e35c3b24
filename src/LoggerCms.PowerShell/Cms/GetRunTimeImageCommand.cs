using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Shows what a node has in memory.</summary>
[Cmdlet(VerbsCommon.Get, "RunTimeImage")]
[OutputType(typeof(RunTimeImageInfo))]
public sealed class GetRunTimeImageCommand : NamedNodeCmdlet
{
    private protected override void Process(object? target)
    {
        if (SystemId is not null && AskNode(target) is null)
            return;
        if (Ask("Asking the node", target, (client, token) => client.GetImageAsync(token), OneOfMany) is { } image)
            WriteObject(image);
    }
}
