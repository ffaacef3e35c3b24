using System.Management.Automation;

namespace LoggerCms.PowerShell.Commands;

/// <summary>Brings the rights of a temp folder back as Repair-TempAcl saved them.</summary>
[Cmdlet(VerbsData.Restore, "TempAcl", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[OutputType(typeof(TempAclResult))]
public sealed class RestoreTempAclCommand : TempAclCmdlet
{
    /// <summary>The ids of saved rights.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Id")]
    public Guid[] Id { get; set; } = [];

    /// <summary>The folders whose newest saved rights are brought back.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Also where the rights were changed since, or another folder is there by now.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var id in Id)
            Restore(new TempRestoreRequest { Id = id }, id, Id.Length > 1);
        foreach (var path in Path)
            Restore(new TempRestoreRequest { Path = ResolvePath(path) }, path, Path.Length > 1);
    }

    private void Restore(TempRestoreRequest request, object target, bool oneOfMany)
    {
        var result = Run(
            $"Rights of {target}",
            target,
            (work, token) => work.TempTools.RestoreAsync(
                request with { Force = Force, WhatIf = IsWhatIf, Confirm = plan => AskAsync(work, plan, "Bring back the rights of", token) }, token),
            oneOfMany || MyInvocation.ExpectingInput);
        if (result is not null)
            Write(result);
    }
}
