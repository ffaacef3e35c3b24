using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Has a node write a backup of its side, as of one update key, into a new folder.</summary>
[Cmdlet(VerbsData.Backup, "CmsSide", SupportsShouldProcess = true)]
[OutputType(typeof(CmsBackupInfo))]
public sealed class BackupCmsSideCommand : NodeCmdlet
{
    private const long Root = 4;

    /// <summary>The new folder, on the node's machine.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [OneForAll]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // A whole path is the node's own; any other is taken from where the user is.
        var path = System.IO.Path.IsPathFullyQualified(Path) ? Path : ResolvePath(Path);
        if (IsWhatIf)
        {
            Ask("Checking", Path, async (client, token) =>
            {
                await Checks.DemandAsync(client, Root, "Operate", token).ConfigureAwait(false);
                return client;
            });
        }

        if (ShouldProcess(path, "Back the side up"))
            WriteObject(Ask("Backing up", Path, (client, token) => client.BackupAsync(new CmsBackupRequest { Path = path }, token)));
    }
}
