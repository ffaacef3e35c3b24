using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Shows how a node is.</summary>
[Cmdlet(VerbsCommon.Get, "CmsNode")]
[OutputType(typeof(CmsNodeInfo))]
public sealed class GetCmsNodeCommand : NamedNodeCmdlet
{
    private protected override void Process(object? target)
    {
        if (AskNode(target) is not { } node)
            return;
        SessionMemory.SawNode(node.Name);
        WriteObject(node);
    }
}
