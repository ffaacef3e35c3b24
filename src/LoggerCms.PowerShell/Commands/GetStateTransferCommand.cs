using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Reads the durable records of this machine's transfers.</summary>
[Cmdlet(VerbsCommon.Get, "StateTransfer", DefaultParameterSetName = "Record")]
[OutputType(typeof(StateTransferResult))]
public sealed class GetStateTransferCommand : AsyncPSCmdlet
{
    /// <summary>The transfers' ids; all when left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Record")]
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Settle", Mandatory = true)]
    [ArgumentCompleter(typeof(TransferIdCompleter))]
    public Guid[] Id { get; set; } = [];

    /// <summary>Look into the destination whether a transfer of status Unknown or Interrupted was committed.</summary>
    [Parameter(ParameterSetName = "Settle", Mandatory = true)]
    public SwitchParameter Settle { get; set; }

    /// <summary>The destination, where the transfer's record lacks its password.</summary>
    [Parameter(ParameterSetName = "Settle")]
    [SideConnectionTransformation]
    public SideConnection? Destination { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Id.Length == 0)
        {
            if (Run("Reading records", null, (work, _) => Task.FromResult(ReadAll(work))) is not { } read)
                return;
            WriteAll(read.All);
            foreach (var file in read.Unreadable)
                WriteWarning($"The record of transfer {file.Id} cannot be read ({file.Path}). Get-StateTransfer -Id {file.Id} says why; Clear-StateTransferTemp removes it.");
            return;
        }

        var many = Id.Length > 1 || MyInvocation.ExpectingInput;
        foreach (var id in Id)
        {
            var found = Run($"Transfer {id}", id, (work, token) => ReadAsync(work, id, token), many);
            WriteAll(found is null ? [] : [found]);
        }
    }

    private static Records ReadAll(Work work)
    {
        var files = work.Engine.GetTransferFiles();
        var all = work.Engine.GetTransfers(null);
        return new Records(all, [.. files.Where(f => f.Kind == "Record").ExceptBy(all.Select(t => t.Id), f => f.Id)]);
    }

    private Task<StateTransferResult> ReadAsync(Work work, Guid id, CancellationToken cancellationToken)
        => Settle
            ? work.Engine.SettleAsync(id, Destination, cancellationToken)
            : Task.FromResult(work.Engine.GetTransfers(id).FirstOrDefault() ?? throw Transfers.NotFound(id));

    private void WriteAll(IEnumerable<StateTransferResult> transfers)
    {
        foreach (var transfer in transfers)
        {
            SessionMemory.SawTransfer(transfer);
            WriteObject(transfer);
        }
    }

    private sealed record Records(IReadOnlyList<StateTransferResult> All, IReadOnlyList<TransferFile> Unreadable);
}
