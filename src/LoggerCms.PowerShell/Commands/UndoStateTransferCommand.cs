using System.Management.Automation;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Brings the destination of a transfer back to the state before it.</summary>
[Cmdlet(VerbsCommon.Undo, "StateTransfer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(StateTransferResult))]
public sealed class UndoStateTransferCommand : EarlierTransferCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var id in Id)
        {
            if (Find(id) is not { } transfer)
                continue;

            var go = ShouldProcess(
                $"Undo {TransferOutput.Describe(transfer)}: {Rows(transfer)}.",
                $"Undo {TransferOutput.Describe(transfer)}? {Rows(transfer)}.",
                "Undo state transfer");
            if (!go && !IsWhatIf)
                continue;

            // Under WhatIf the engine still compares the destination's rows with what the transfer left.
            var request = new UndoRequest { Id = id, Destination = Destination, LockTimeout = LockTimeout, Force = Force, WhatIf = IsWhatIf };
            if (Run($"Undoing in {transfer.Destination}", id, (work, token) => work.Engine.UndoAsync(request, work.Progress, token), OneOfMany) is { } result)
                TransferOutput.Write(this, result);
        }
    }

    private static string Rows(StateTransferResult transfer)
        => $"delete {transfer.RowsInserted} inserted, bring back {transfer.RowsUpdated} updated and {transfer.RowsDeleted} deleted rows";
}
