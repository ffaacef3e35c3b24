using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Reads what a side holds under one snapshot.</summary>
[Cmdlet(VerbsCommon.Get, "SideState")]
[OutputType(typeof(SideState))]
public sealed class GetSideStateCommand : ReadingCmdlet
{
    /// <summary>The sides to read.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [SideConnectionTransformation]
    [ValidateNotNullOrEmpty]
    public SideConnection[] Side { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var many = Side.Length > 1 || MyInvocation.ExpectingInput;
        foreach (var side in Side)
        {
            var state = Run(
                $"Reading {ProgressText.Short(side)}",
                side,
                (work, token) => work.Engine.GetSideStateAsync(ReadScope(new SideStateRequest { Side = side }), work.Progress, token),
                many);
            if (state is null)
                continue;

            SessionMemory.SawTables(state.TableStates.Select(table => table.Table));
            WriteVerbose($"Side {state.Side} was read under {state.Isolation}.");
            foreach (var note in state.Notes)
                WriteVerbose($"Side {state.Side}: {note}");
            WriteObject(state);
        }
    }
}
