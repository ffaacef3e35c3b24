using System.Management.Automation;
using LoggerCms.PowerShell.Engine;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Puts a backup in the place of a side that no node serves.</summary>
[Cmdlet(VerbsData.Restore, "CmsSide", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(CmsBackupInfo))]
public sealed class RestoreCmsSideCommand : AsyncPSCmdlet
{
    /// <summary>The folder of the backup.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <summary>The system database that is replaced.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [SideConnectionTransformation]
    public SideConnection? Database { get; set; }

    /// <summary>The node's data folder, for its authority and delta files.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DataPath { get; set; }

    /// <summary>Replace a system database that holds objects already.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var request = new CmsRestoreRequest
        {
            Path = ResolvePath(Path),
            Database = Database!,
            DataPath = DataPath is null ? null : ResolvePath(DataPath),
            Force = Force,
            WhatIf = true,
        };
        var plan = Run("Checking the backup", Path, (_, token) => EngineHost.GetCmsTools().RestoreAsync(request, token));
        var question = $"Replace {Database} by the backup of side {plan!.Side} with {plan.Objects:N0} objects, made at {plan.Created.LocalDateTime:g}";
        var go = ShouldProcess($"{question}.", $"{question}?", "Restore a side");
        if (go)
            plan = Run("Restoring", Path, (_, token) => EngineHost.GetCmsTools().RestoreAsync(request with { WhatIf = false }, token));
        if (go && plan!.SetAside.Count > 0)
        {
            WriteWarning($"{plan.SetAside.Count} delta files of '{DataPath}' were set aside (SetAside names them). The backup may not have the changes in them, which this shows: "
                + $"Get-ChildItem '{System.IO.Path.GetDirectoryName(plan.SetAside[0])?.Replace("'", "''", StringComparison.Ordinal)}' | Get-DeltaFile -Record");
        }

        if (go || IsWhatIf)
            WriteObject(plan);
    }
}
