using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Asks a running transfer, also one of another shell, to cancel.</summary>
[Cmdlet(VerbsLifecycle.Stop, "StateTransfer", SupportsShouldProcess = true)]
[OutputType(typeof(StateTransferResult))]
public sealed class StopStateTransferCommand : AsyncPSCmdlet
{
    /// <summary>The transfer's id.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TransferIdCompleter))]
    public Guid[] Id { get; set; } = [];

    /// <summary>Emit the transfer's record as it is after the request.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var many = Id.Length > 1 || MyInvocation.ExpectingInput;
        foreach (var id in Id)
        {
            var transfer = Run($"Transfer {id}", id, (work, _) => Task.FromResult(Find(work.Engine, id)), many);
            if (transfer is null || !ShouldProcess(TransferOutput.Describe(transfer), "Cancel"))
                continue;

            var after = Run($"Transfer {id}", id, (work, _) => Task.FromResult(Stop(work.Engine, id)), many);
            if (PassThru && after is not null)
                WriteObject(after);
        }
    }

    private static StateTransferResult Find(ISideEngine engine, Guid id)
        => engine.GetTransfers(id).FirstOrDefault() ?? throw Transfers.NotFound(id);

    private static StateTransferResult Stop(ISideEngine engine, Guid id)
    {
        engine.StopTransfer(id);
        return Find(engine, id);
    }
}
