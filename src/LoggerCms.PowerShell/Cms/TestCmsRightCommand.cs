using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Says whether a user or group has rights on objects, and why.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CmsRight")]
[OutputType(typeof(CmsRightDecision), typeof(bool))]
public sealed class TestCmsRightCommand : ObjectTargetCmdlet
{
    private readonly Principals _principals = new();
    private bool? _granted;

    /// <summary>The rights.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(CmsRightCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Right { get; set; } = [];

    /// <summary>The user or group; the caller when left out.</summary>
    [Parameter(Position = 2)]
    [ArgumentCompleter(typeof(CmsPrincipalCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Principal { get; set; }

    /// <summary>The user or group by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public long? PrincipalId { get; set; }

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public string? PrincipalCuid { get; set; }

    /// <summary>Show what was looked at, from the object upwards.</summary>
    [Parameter]
    public SwitchParameter Explain { get; set; }

    /// <summary>Give only whether all is granted.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    private protected override IReadOnlyList<string> TakenBesideObjects => [nameof(Right), nameof(Principal), nameof(PrincipalId)];

    private protected override string MeantByPath => "Give the rights as -Right. ";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        RefuseTwo(nameof(PrincipalId), IsWritten(nameof(PrincipalId)) ? 1 : 0, nameof(Principal));
        var cuid = IsWritten(nameof(PrincipalId)) ? null : PrincipalCuid;
        if (Principal is null && PrincipalId is null && string.IsNullOrEmpty(cuid) && IsPiped(nameof(PrincipalId)))
        {
            _granted = false;
            ReportUnnamed("user or group", goesOn: true);
            return;
        }

        var targets = Targets();

        // A script that goes by the answer must not go on where nothing was asked.
        _granted = _granted != false && targets.Count > 0;
        foreach (var target in targets)
        {
            foreach (var right in Right)
            {
                var many = IsOneOfMany || Right.Length > 1;
                if (Ask("Asking for rights", target.Input, (client, token) => TestAsync(client, target, right, cuid, token), many) is not { } decision)
                    _granted = false;
                else if (Quiet)
                    _granted = _granted == true && decision.Granted;
                else
                    WriteObject(Explain ? decision : decision with { Steps = [] });
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (Quiet)
            WriteObject(_granted == true);
    }

    private async Task<CmsRightDecision> TestAsync(
        ICmsClient client, ObjectTarget target, string right, string? cuid, CancellationToken cancellationToken)
    {
        var principal = PrincipalId;
        if (Principal is { } name)
            principal = (await _principals.FindAsync(client, name, cancellationToken).ConfigureAwait(false)).Id;
        else if (!string.IsNullOrEmpty(cuid))
            principal = (await new ObjectTarget(PrincipalId, null, cuid).ReadAsync(client, cancellationToken).ConfigureAwait(false)).Id;
        var id = await target.FindIdAsync(client, cancellationToken).ConfigureAwait(false);
        return await client.TestRightAsync(new CmsRightQuestion { ObjectId = id, PrincipalId = principal, Right = right }, cancellationToken).ConfigureAwait(false);
    }
}
