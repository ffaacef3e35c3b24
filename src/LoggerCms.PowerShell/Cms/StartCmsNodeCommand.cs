using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Starts a node on this machine; it goes on when the shell ends.</summary>
[Cmdlet(VerbsLifecycle.Start, "CmsNode", SupportsShouldProcess = true)]
[OutputType(typeof(CmsNodeInfo))]
public sealed class StartCmsNodeCommand : AsyncPSCmdlet
{
    private const int StartActivity = 64_000;

    /// <summary>The node's name; the machine's where it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidatePattern("^[A-Za-z0-9._-]{1,64}$")]
    [ArgumentCompleter(typeof(CmsSessionCompleter))]
    public string? Name { get; set; }

    /// <summary>The side that the node belongs to.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateSet("A", "B")]
    public string? Side { get; set; }

    /// <summary>The folder of all that the node keeps.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? DataPath { get; set; }

    /// <summary>The side's system database; a SQLite file in the data folder where it is left out.</summary>
    [Parameter]
    [SideConnectionTransformation]
    public SideConnection? Database { get; set; }

    /// <summary>The audit database; a SQLite file in the data folder where it is left out.</summary>
    [Parameter]
    [SideConnectionTransformation]
    public SideConnection? AuditDatabase { get; set; }

    /// <summary>The address of this machine to listen at.</summary>
    [Parameter]
    public System.Net.IPAddress? Address { get; set; }

    /// <summary>The port to listen at; 0 for any that is free.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, 65535)]
    public int? Port { get; set; }

    /// <summary>Names that clients call the node by, beside those of this machine.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[]? HostName { get; set; }

    /// <summary>Take the system database from the node that has it, whatever that still holds.</summary>
    [Parameter]
    public SwitchParameter TakeOver { get; set; }

    /// <summary>What becomes of changes in delta files whose objects were changed since.</summary>
    [Parameter]
    public ConflictPolicy ConflictPolicy { get; set; }

    /// <summary>Start without damaged delta files, which get another name.</summary>
    [Parameter]
    public SwitchParameter SetDamagedAside { get; set; }

    /// <summary>The most that the run time image may take, in MB; 0 for no limit.</summary>
    [Parameter]
    [ValidateRange(0L, long.MaxValue >> 20)]
    public long? MemoryLimitMB { get; set; }

    /// <summary>How long to wait until the node is ready.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var name = Name ?? Environment.MachineName;
        var dataPath = DataPath is null ? null : ResolvePath(DataPath);
        if (!MayStart(name))
            return;
        var start = new CmsNodeStart
        {
            Name = Name,
            Side = Side,
            DataPath = dataPath,
            Database = Database,
            AuditDatabase = AuditDatabase,
            Address = Address?.ToString(),
            Port = Port,
            HostNames = HostName,
            TakeOver = TakeOver,
            ConflictPolicy = ConflictPolicy,
            SetDamagedAside = SetDamagedAside,
            MemoryLimitMB = MemoryLimitMB,
            Timeout = Timeout,
        };
        var progress = new ProgressRecord(StartActivity, $"Starting node {name}", "Starting");
        var node = Run(
            progress.Activity, name, (work, token) => work.CmsTools.StartNodeAsync(start, new Steps(this, work.Queue, progress), token), MyInvocation.ExpectingInput);
        progress.RecordType = ProgressRecordType.Completed;
        WriteProgress(progress);
        if (node is null)
            return;
        CmsSessions.Started(node);
        SessionMemory.SawNode(node.Name);
        ReconcileOutput.Warn(this, node.Reconcile);
        WriteObject(node);
    }

    // A start asks nobody; one that may lose changes asks as a cmdlet of high impact does.
    private bool MayStart(string name)
    {
        if (!TakeOver)
            return ShouldProcess($"node {name}", "Start");
        const string loss = "Changes that only the other node's delta files hold are not in the database, and may be lost or come back as conflicts. "
            + "The other node, if it still runs, stops at its next write.";
        return IsWhatIf || !WouldAsk
            ? ShouldProcess($"node {name}, taking the system database from the node that has it. {loss}", "Start")
            : ShouldContinue($"Start node {name} and take the system database from the node that has it?\n{loss}", "Take over a side");
    }

    private sealed class Steps(StartCmsNodeCommand cmdlet, PipelineQueue queue, ProgressRecord record) : IProgress<string>
    {
        public void Report(string value) => queue.TryPost(() =>
        {
            record.StatusDescription = value;
            cmdlet.WriteProgress(record);
            cmdlet.WriteVerbose(value);
        });
    }
}
