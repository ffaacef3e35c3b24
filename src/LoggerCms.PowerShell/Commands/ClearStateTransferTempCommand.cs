using System.Globalization;
using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Removes spools, undo files and records that transfers left on this machine.</summary>
[Cmdlet(VerbsCommon.Clear, "StateTransferTemp", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = "Expired")]
[OutputType(typeof(TransferFile))]
public sealed class ClearStateTransferTempCommand : AsyncPSCmdlet
{
    /// <summary>The transfers whose files go, expired or not.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Id")]
    [ArgumentCompleter(typeof(TransferIdCompleter))]
    public Guid[] Id { get; set; } = [];

    /// <summary>Take files that are not expired too, of every transfer.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "All")]
    public SwitchParameter All { get; set; }

    /// <summary>Only files of these kinds.</summary>
    [Parameter]
    [ValidateSet("Spool", "Undo", "Record", "Trace", "Partial")]
    public string[] Kind { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var file in Run("Looking for files", null, (work, _) => Task.FromResult(work.Engine.GetTransferFiles())) ?? [])
        {
            if (!InScope(file))
                continue;

            var go = ShouldProcess(Describe(file, "Remove") + ".", Describe(file, "Remove") + "?", "Remove a file of a state transfer");
            if (go && Run($"Removing {file.Path}", file.Path, (work, _) => RemoveAsync(work.Engine, file), oneOfMany: true) is null)
                continue;
            if (go || IsWhatIf)
                WriteObject(file);
        }
    }

    private bool InScope(TransferFile file)
        => (Kind.Length == 0 || Kind.Contains(file.Kind, StringComparer.OrdinalIgnoreCase))
            && (All || (Id.Length > 0 ? Id.Contains(file.Id) : file.Expires <= DateTimeOffset.UtcNow));

    private static string Describe(TransferFile file, string action)
    {
        var loss = file.Kind switch
        {
            "Undo" => ", after which the transfer cannot be undone",
            "Spool" => ", after which the transfer cannot be resumed",
            _ => string.Empty,
        };
        return string.Create(
            CultureInfo.CurrentCulture,
            $"{action} the {file.Kind} file '{file.Path}' ({file.Size:N0} bytes, transfer {file.Id}, expires {file.Expires.LocalDateTime:g}){loss}");
    }

    private static Task<TransferFile> RemoveAsync(ISideEngine engine, TransferFile file)
    {
        engine.RemoveTransferFile(file);
        return Task.FromResult(file);
    }
}
