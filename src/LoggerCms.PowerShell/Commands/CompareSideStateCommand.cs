using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Compares two sides row by row and changes neither.</summary>
[Cmdlet(VerbsData.Compare, "SideState")]
[OutputType(typeof(SideComparison), typeof(RowDifference))]
public sealed class CompareSideStateCommand : PairCmdlet
{
    /// <summary>Emit one object for each differing row instead of the summary.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var comparison = Run(
            $"Comparing {ProgressText.Short(Source)} with {ProgressText.Short(Destination)}",
            Destination,
            (work, token) => work.Engine.CompareAsync(
                ReadScope(new ComparisonRequest { Source = Source, Destination = Destination }),
                Detailed ? difference => work.Queue.PostAsync(() => WriteObject(difference), token) : null,
                work.Progress,
                token));
        if (comparison is null)
            return;

        SessionMemory.SawTables(comparison.TableComparisons.Select(table => table.Table));
        WriteVerbose($"Scope: {comparison.Scope}. Compared by: {comparison.ComparedBy}.");
        foreach (var note in comparison.Notes)
            WriteVerbose(note);
        if (!Detailed)
            WriteObject(comparison);
        else
            WriteVerbose(
                $"{comparison.RowsOnlyInSource} rows only in the source, {comparison.RowsOnlyInDestination} only in the destination, {comparison.RowsDifferent} different, {comparison.RowsEqual} equal.");
    }
}
