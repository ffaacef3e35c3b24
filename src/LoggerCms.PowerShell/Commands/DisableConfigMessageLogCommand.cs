using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Removes a side's config message log with all that belongs to it.</summary>
[Cmdlet(VerbsLifecycle.Disable, "ConfigMessageLog", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(ConfigMessageLogState))]
public sealed class DisableConfigMessageLogCommand : AsyncPSCmdlet
{
    /// <summary>The sides whose log is removed.</summary>
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
            if (Run($"Reading {ProgressText.Short(side)}", side, (work, token) => work.Engine.GetLogAsync(side, token), many) is not { } before)
                continue;

            var what = $"the config message log of {side} with its {before.Entries} entries";
            if (!ShouldProcess($"Remove {what}.", $"Remove {what}? Transfers of mode Log from this side are not possible afterwards.", "Disable config message log"))
            {
                if (IsWhatIf)
                    WriteObject(before);
                continue;
            }

            if (Run($"Disabling the log of {ProgressText.Short(side)}", side, (work, token) => work.Engine.DisableLogAsync(side, token), many) is { } after)
                WriteObject(after);
        }
    }
}
