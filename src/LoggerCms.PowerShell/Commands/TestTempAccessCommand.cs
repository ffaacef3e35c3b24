using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Checks whether an account, a process or a service can use its temp folder.</summary>
[Cmdlet(VerbsDiagnostic.Test, "TempAccess", DefaultParameterSetName = "Account")]
[OutputType(typeof(TempAccessCheck), typeof(bool))]
public sealed class TestTempAccessCommand : AsyncPSCmdlet
{
    private bool _passed = true;

    /// <summary>The folders; the temp folder of the account, process or service when left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Whose access counts.</summary>
    [Parameter(ParameterSetName = "Account", ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Account { get; set; }

    /// <summary>A running process whose account, groups, TMPDIR, mounts and root count.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Process")]
    [ValidateRange(1, int.MaxValue)]
    public int ProcessId { get; set; }

    /// <summary>A systemd unit or a Windows service whose account and environment count.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Service")]
    [ValidateNotNullOrEmpty]
    public string? ServiceName { get; set; }

    /// <summary>Bytes that must find room.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long RequiredBytes { get; set; }

    /// <summary>Give only whether every folder passed.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        object? target = Path.Length > 0 ? Path : Account ?? ServiceName ?? (object)ProcessId;
        var checks = Run("Checking temp folders", target, (work, token) => work.TempTools.TestAsync(Request(), token), MyInvocation.ExpectingInput);
        if (checks is null)
            _passed = false;
        else if (Quiet)
            _passed &= checks.Where(c => c.Check == "Overall").All(c => c.Passed == true);
        else
            WriteObject(checks, enumerateCollection: true);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Quiet)
            WriteObject(_passed);
    }

    private TempAccessRequest Request() => new()
    {
        Account = Account,
        ProcessId = ParameterSetName == "Process" ? ProcessId : null,
        ServiceName = ServiceName,
        Path = [.. Path.Select(path => ShellPath.Resolve(SessionState.Path, path))],
        RequiredBytes = RequiredBytes,
    };
}
