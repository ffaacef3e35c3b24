using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Puts tables of a side under its config message log.</summary>
[Cmdlet(VerbsLifecycle.Enable, "ConfigMessageLog", SupportsShouldProcess = true)]
[OutputType(typeof(ConfigMessageLogState))]
public sealed class EnableConfigMessageLogCommand : ScopedCmdlet
{
    /// <summary>The sides whose changes are to be recorded.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [SideConnectionTransformation]
    [ValidateNotNullOrEmpty]
    public SideConnection[] Side { get; set; } = [];

    /// <summary>The side's letter in the origin: A or B, or another word.</summary>
    [Parameter]
    [ValidatePattern("^[^/\\s]+$")]
    public string? SideName { get; set; }

    /// <summary>How long entries are kept.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(7);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var many = Side.Length > 1 || MyInvocation.ExpectingInput;
        foreach (var side in Side)
        {
            if (Run($"Reading {ProgressText.Short(side)}", side, (work, token) => work.Engine.GetLogAsync(side, token), many) is not { } before)
                continue;

            if (!ShouldProcess(side.ToString(), "Enable the config message log: add its tables, and triggers on the tables in scope"))
            {
                if (IsWhatIf)
                    WriteObject(before);
                continue;
            }

            var request = (EnableLogRequest)Scope(
                new EnableLogRequest { Side = side, SideName = SideName ?? side.Name ?? "A", Retention = Retention });
            if (Run($"Enabling the log of {ProgressText.Short(side)}", side, (work, token) => work.Engine.EnableLogAsync(request, token), many) is { } after)
            {
                SessionMemory.SawTables(after.Tables);
                WriteObject(after);
            }
        }
    }
}
