using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Grants one account the least that works on a temp folder, and verifies it.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "TempAcl", SupportsShouldProcess = true)]
[OutputType(typeof(TempAclResult))]
public sealed class RepairTempAclCommand : TempAclCmdlet
{
    private readonly HashSet<(string Path, string Account)> _done = [];
    private bool _named;

    /// <summary>The folders.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Who gets the right.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string Account { get; set; } = string.Empty;

    /// <summary>What is granted.</summary>
    [Parameter]
    public TempRight Right { get; set; } = TempRight.Modify;

    /// <summary>Also where a folder named by -Path is a system folder or in another account's home.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
        // What comes down a pipeline was named by nobody.
        => _named = MyInvocation.BoundParameters.ContainsKey(nameof(Path));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            // Test-TempAccess gives a record a check; one repair a folder is enough.
            if (!_done.Add((path, Account)))
                continue;
            var result = Run(
                $"Rights of {path}",
                path,
                (work, token) => work.TempTools.RepairAsync(
                    new TempRepairRequest
                    {
                        Path = ShellPath.Resolve(SessionState.Path, path),
                        Account = Account,
                        Right = Right,
                        Force = Force && _named,
                        WhatIf = IsWhatIf,
                        Confirm = plan => AskAsync(work, plan, $"Grant {Account} {Right} on", token),
                    },
                    token),
                Path.Length > 1 || MyInvocation.ExpectingInput);
            if (result is not null)
                Write(result);
        }
    }
}
