using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>A cmdlet about nodes, which may be named.</summary>
public abstract class NamedNodeCmdlet : CmsCmdlet
{
    /// <summary>Nodes that this shell is connected to, or that this user started on this machine.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CmsSessionCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>The system of a node from the pipeline, which that of the name must be.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public Guid? SystemId { get; set; }

    private protected bool OneOfMany => Name.Length > 1 || MyInvocation.ExpectingInput;

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        if (Name.Length == 0)
        {
            Process(Connection);
            return;
        }

        if (MyInvocation.BoundParameters.ContainsKey(nameof(Connection)))
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, "-Name and -Connection both say which node is meant.", "Give one of them."), Name));
        }

        foreach (var name in Name)
        {
            Connection = CmsSessions.Named(name);
            Process(name);
        }

        Connection = null;
    }

    /// <summary>Asks the node; its failure is reported, and gives null.</summary>
    private protected CmsNodeInfo? AskNode(object? target)
        => Ask("Asking the node", target, async (client, token) => Demand(await client.GetNodeAsync(token).ConfigureAwait(false)), OneOfMany);

    private CmsNodeInfo Demand(CmsNodeInfo node) => SystemId is not { } piped || piped == node.SystemId ? node : throw new LoggerCmsException(
        ErrorCodes.ObjectNotFound,
        $"The node '{node.Name}' at {node.Endpoint} is one of the system {node.SystemId}, and the one from the pipeline of {piped}.",
        "Give the connection that it was read by: -Connection.");

    /// <param name="target">The user's input.</param>
    private protected abstract void Process(object? target);
}
