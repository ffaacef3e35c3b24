using System.Management.Automation;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Takes up an interrupted or failed transfer from its complete spool.</summary>
[Cmdlet(VerbsLifecycle.Resume, "StateTransfer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(StateTransferResult))]
public sealed class ResumeStateTransferCommand : EarlierTransferCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var id in Id)
        {
            if (Find(id) is not { } transfer)
                continue;

            if (!ShouldProcess(
                $"Resume {TransferOutput.Describe(transfer)} from its spool.",
                $"Resume {TransferOutput.Describe(transfer)} from its spool? The destination's rows are overwritten; the old ones go into an undo file first.",
                "Resume state transfer"))
            {
                if (IsWhatIf)
                    WriteObject(transfer);
                continue;
            }

            var request = new ResumeRequest { Id = id, Destination = Destination, LockTimeout = LockTimeout, Force = Force };
            if (Run($"Resuming {transfer.Destination}", id, (work, token) => work.Engine.ResumeAsync(request, work.Progress, token), OneOfMany) is { } result)
                TransferOutput.Write(this, result);
        }
    }
}
