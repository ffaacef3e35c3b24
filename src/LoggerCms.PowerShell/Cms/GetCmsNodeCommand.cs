using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Shows how a node is.</summary>
[Cmdlet(VerbsCommon.Get, "CmsNode")]
[OutputType(typeof(CmsNodeInfo))]
public sealed class GetCmsNodeCommand : CmsCmdlet
{
    /// <summary>Names of nodes that this user started on this machine.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CmsSessionCompleter))]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Name.Length == 0)
        {
            Write(Connection);
            return;
        }

        foreach (var name in Name)
        {
            Connection = new CmsSession { Profile = name };
            Write(name);
        }
    }

    private void Write(object? target)
    {
        if (Ask("Asking the node", target, (client, token) => client.GetNodeAsync(token), Name.Length > 1 || MyInvocation.ExpectingInput) is not { } node)
            return;
        SessionMemory.SawNode(node.Name);
        WriteObject(node);
    }
}
