using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Shows a side's config message log, or reads its entries.</summary>
[Cmdlet(VerbsCommon.Get, "ConfigMessageLog", DefaultParameterSetName = "State")]
[OutputType(typeof(ConfigMessageLogState), ParameterSetName = ["State"])]
[OutputType(typeof(ConfigMessage), ParameterSetName = ["Entries"])]
public sealed class GetConfigMessageLogCommand : AsyncPSCmdlet
{
    /// <summary>The sides whose log is read.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [SideConnectionTransformation]
    [ValidateNotNullOrEmpty]
    public SideConnection[] Side { get; set; } = [];

    /// <summary>Emit the entries in order of their update keys.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Entries")]
    public SwitchParameter Entries { get; set; }

    /// <summary>Only entries of this origin.</summary>
    [Parameter(ParameterSetName = "Entries")]
    [ValidateNotNullOrEmpty]
    public string? Origin { get; set; }

    /// <summary>Only entries with an update key above this one.</summary>
    [Parameter(ParameterSetName = "Entries")]
    [ValidateRange(0L, long.MaxValue)]
    public long After { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var many = Side.Length > 1 || MyInvocation.ExpectingInput;
        foreach (var side in Side)
        {
            if (Entries)
                Run($"Reading the log of {ProgressText.Short(side)}", side, (work, token) => ReadAsync(work, side, token), many);
            else if (Run($"Reading the log of {ProgressText.Short(side)}", side, (work, token) => work.Engine.GetLogAsync(side, token), many) is { } state)
            {
                SessionMemory.SawTables(state.Tables);
                WriteObject(state);
            }
        }
    }

    private async Task<SideConnection> ReadAsync(Work work, SideConnection side, CancellationToken cancellationToken)
    {
        await foreach (var entry in work.Engine.ReadLogAsync(side, Origin, After, cancellationToken).ConfigureAwait(false))
            await work.Queue.PostAsync(() => WriteObject(entry), cancellationToken).ConfigureAwait(false);
        return side;
    }
}
