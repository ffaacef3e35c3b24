using System.Management.Automation;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Brings the destination of a transfer back to the state before it.</summary>
[Cmdlet(VerbsCommon.Undo, "StateTransfer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(StateTransferResult))]
public sealed class UndoStateTransferCommand : EarlierTransferCmdlet
{
    private protected override void Process(StateTransferResult transfer)
    {
        var go = ShouldProcess(
            $"Undo {TransferOutput.Describe(transfer)}: {Rows(transfer)}.",
            $"Undo {TransferOutput.Describe(transfer)}? {Rows(transfer)}.",
            "Undo state transfer");
        if (!go && !IsWhatIf)
            return;

        // Under WhatIf the engine still compares the destination's rows with what the transfer left.
        var request = new UndoRequest { Id = transfer.Id, Destination = Destination, LockTimeout = LockTimeout, Force = Force, WhatIf = IsWhatIf };
        RunAndWrite($"Undoing in {transfer.Destination}", transfer.Id, (work, token) => work.Engine.UndoAsync(request, work.Progress, token));
    }

    private static string Rows(StateTransferResult transfer)
        => $"delete {transfer.RowsInserted} inserted, bring back {transfer.RowsUpdated} updated and {transfer.RowsDeleted} deleted rows";
}
