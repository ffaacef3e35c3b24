using System.Management.Automation;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Takes up an interrupted or failed transfer from its complete spool.</summary>
[Cmdlet(VerbsLifecycle.Resume, "StateTransfer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(StateTransferResult))]
public sealed class ResumeStateTransferCommand : EarlierTransferCmdlet
{
    private protected override void Process(StateTransferResult transfer)
    {
        if (ShouldProcess(
            $"Resume {TransferOutput.Describe(transfer)} from its spool.",
            $"Resume {TransferOutput.Describe(transfer)} from its spool? The destination's rows are overwritten; the old ones go into an undo file first.",
            "Resume state transfer"))
        {
            var request = new ResumeRequest { Id = transfer.Id, Destination = Destination, LockTimeout = LockTimeout, Force = Force };
            RunAndWrite($"Resuming {transfer.Destination}", transfer.Id, (work, token) => work.Engine.ResumeAsync(request, work.Progress, token));
        }
        else if (IsWhatIf)
        {
            WriteObject(transfer);
        }
    }
}
