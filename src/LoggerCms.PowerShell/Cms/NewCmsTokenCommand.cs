using System.Management.Automation;
using System.Net;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Issues a token. Its secret is told this once.</summary>
[Cmdlet(VerbsCommon.New, "CmsToken", SupportsShouldProcess = true)]
[OutputType(typeof(CmsToken))]
public sealed class NewCmsTokenCommand : NodeCmdlet
{
    // Has a view of its own: what is told once must not be left out of it.
    private const string IssuedType = "LoggerCms.CmsToken#Issued";

    // What is shorter is a mistake in the unit: it would be over before anybody could use it.
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(1);

    // The node's clock counts whole microseconds, a difference of two points in time of the shell's does not.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private readonly Principals _principals = new();

    /// <summary>What it is for.</summary>
    [Parameter(Position = 0)]
    [OneForAll]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = string.Empty;

    /// <summary>The user that it stands for; the caller when left out.</summary>
    [Parameter(Position = 1)]
    [OneForAll]
    [ArgumentCompleter(typeof(CmsUserCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The user by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public long? PrincipalId { get; set; }

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public string? PrincipalCuid { get; set; }

    /// <summary>How long it is good, a minute at least; 90 days when left out. A bare number is days.</summary>
    [Parameter]
    [DaysTransformation]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Give the secret as text.</summary>
    [Parameter]
    public SwitchParameter AsPlainText { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Lifetime < Shortest)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new LoggerCmsException(
                    ErrorCodes.InvalidOption, $"A token that is good for {Lifetime} is over before it can be used.", "Give -Lifetime a minute or more: 30 is 30 days, 8:00:00 is 8 hours."),
                Lifetime));
        }

        // A token of the caller is what is given when nobody is named, not when somebody is not there.
        var alone = User is null ? PipedAlone(nameof(PrincipalId), PrincipalCuid, path: null) : null;
        if (User is null && PrincipalId is null && alone is null && IsPiped(nameof(PrincipalId)))
        {
            ReportUnnamed("user", goesOn: true);
            return;
        }

        object? input = User ?? (object?)PrincipalId ?? alone?.Cuid ?? Name;
        var many = MyInvocation.ExpectingInput;
        var isPiped = IsPiped(nameof(PrincipalId));
        var request = Ask("Checking", input, (client, token) => PrepareAsync(client, isPiped, alone, token), many);
        if (request is null || !ShouldProcess(User ?? (request.PrincipalId is { } id ? $"user {id}" : "yourself"), $"Issue a token for {Lifetime}"))
            return;
        if (Ask("Issuing a token", input, (client, token) => client.IssueTokenAsync(request, token), many) is not { } issued)
            return;
        if (Lifetime - (issued.Token.Expires - issued.Token.Created) > Slack)
            WriteWarning($"The token is good until {issued.Token.Expires:u}, as long as the one that it was issued by. One with the right ManageTokens on you issues longer ones.");
        var shown = PSObject.AsPSObject(issued.Token);
        shown.TypeNames.Insert(0, IssuedType);
        shown.Properties.Add(new PSNoteProperty("Secret", AsPlainText ? issued.Text : new NetworkCredential(string.Empty, issued.Text).SecurePassword));
        WriteObject(shown);
    }

    private async Task<CmsTokenRequest> PrepareAsync(ICmsClient client, bool isPiped, ObjectTarget? alone, CancellationToken cancellationToken)
    {
        if (User is null && isPiped && PrincipalId is { } piped && PrincipalCuid is { Length: > 0 } cuid)
            await Origin.ReadAsync(client, piped, cuid, path: null, cancellationToken).ConfigureAwait(false);
        var principal = User is { } name ? (await _principals.FindUserAsync(client, name, cancellationToken).ConfigureAwait(false)).Id
            : alone is not null ? (await alone.ReadAsync(client, cancellationToken).ConfigureAwait(false)).Id
            : PrincipalId;
        if (IsWhatIf && principal is { } other)
            await Checks.DemandAsync(client, other, "ManageTokens", cancellationToken).ConfigureAwait(false);
        return new CmsTokenRequest { Name = Name, PrincipalId = principal, Lifetime = Lifetime };
    }
}
