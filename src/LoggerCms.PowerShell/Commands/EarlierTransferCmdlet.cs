using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>How every cmdlet that gives a transfer's result writes it.</summary>
internal static class TransferOutput
{
    /// <summary>Remembers the transfer for completion, says how it was done, and warns of what needs a look.</summary>
    public static void Write(AsyncPSCmdlet cmdlet, StateTransferResult result)
    {
        SessionMemory.SawTransfer(result);
        cmdlet.WriteVerbose($"Mode {result.Mode}: {result.ModeReason}");
        foreach (var phase in result.Phases)
            cmdlet.WriteVerbose($"{phase.Phase}: {phase.Result}{(phase.Detail is null ? string.Empty : $", {phase.Detail}")}");
        foreach (var note in result.Notes)
            cmdlet.WriteWarning(note);
        cmdlet.WriteObject(result);
    }

    /// <summary>One line that names a transfer in a question.</summary>
    public static string Describe(StateTransferResult transfer)
        => $"state transfer {transfer.Id} ({transfer.Source} -> {transfer.Destination}, {transfer.Status})";
}

/// <summary>The parameters of a cmdlet that takes up an earlier transfer.</summary>
public abstract class EarlierTransferCmdlet : AsyncPSCmdlet
{
    /// <summary>The transfer's id.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TransferIdCompleter))]
    public Guid[] Id { get; set; } = [];

    /// <summary>The destination, where the transfer's record lacks its password.</summary>
    [Parameter]
    [SideConnectionTransformation]
    public SideConnection? Destination { get; set; }

    /// <summary>How long to wait for the destination's writers.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Go on where the engine would refuse because something would be lost.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    private bool OneOfMany => Id.Length > 1 || MyInvocation.ExpectingInput;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var id in Id)
        {
            if (Find(id) is { } transfer)
                Process(transfer);
        }
    }

    private protected abstract void Process(StateTransferResult transfer);

    private protected void RunAndWrite(string activity, Guid id, Func<Work, CancellationToken, Task<StateTransferResult>> work)
    {
        if (Run(activity, id, work, OneOfMany) is { } result)
            TransferOutput.Write(this, result);
    }

    private StateTransferResult? Find(Guid id)
        => Run(
            $"Looking for transfer {id}",
            id,
            (work, _) => Task.FromResult(
                work.Engine.GetTransfers(id).FirstOrDefault() ?? throw Transfers.NotFound(id)),
            OneOfMany);
}

internal static class Transfers
{
    public static LoggerCmsException NotFound(Guid id)
        => new(
            ErrorCodes.TransferNotFound,
            $"There is no record of a transfer {id} on this machine.",
            "List the transfers that this machine knows: Get-StateTransfer.");
}
