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

    /// <param name="target">The user's input.</param>
    private protected abstract void Process(object? target);
}
