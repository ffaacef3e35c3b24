using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Reads audit events: who did what, on which object, when, with what result, from where.</summary>
[Cmdlet(VerbsCommon.Get, "CmsAuditEvent", SupportsPaging = true)]
[OutputType(typeof(CmsAuditEvent))]
public sealed class GetCmsAuditEventCommand : NodeCmdlet
{
    /// <summary>Only events at or after this point.</summary>
    [Parameter]
    [AllowNull]
    public DateTimeOffset? From { get; set; }

    /// <summary>Only events before this point.</summary>
    [Parameter]
    [AllowNull]
    public DateTimeOffset? To { get; set; }

    /// <summary>Only what this user did; wildcards are allowed.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [Alias("Principal")]
    [ArgumentCompleter(typeof(CmsUserCompleter))]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Only what the user of this id did.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public long? PrincipalId { get; set; }

    /// <summary>The CUID that came with the user's id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public string? PrincipalCuid { get; set; }

    /// <summary>Only this action.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(CmsActionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Action { get; set; }

    /// <summary>Only events with this result.</summary>
    [Parameter]
    [ValidateSet("Succeeded", "Denied", "Failed")]
    public string? Result { get; set; }

    /// <summary>Only events about the object of this id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ObjectId", "SI_ID")]
    public long? Id { get; set; }

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    [Alias("ObjectCuid", "SI_CUID")]
    public string? Cuid { get; set; }

    /// <summary>Only events that this service reported.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Source { get; set; }

    /// <summary>Only events with this text in the detail, the path or the object's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Text { get; set; }

    /// <summary>Only so many of the last events, the newest first.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    [AllowNull]
    public int? Newest { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!IsOfThisSystem(nameof(PrincipalId), PrincipalId, PrincipalCuid, out var principalId) || !IsOfThisSystem(nameof(Id), Id, Cuid, out var objectId))
            return;
        CountNothing(PagingParameters);
        var page = Page.Of(PagingParameters, Newest);

        // A user from the pipeline is asked for what it did, not for what was done to it.
        var isPrincipal = principalId is not null && !MyInvocation.BoundParameters.ContainsKey(nameof(User)) && principalId == objectId;
        var users = User is not null && WildcardPattern.ContainsWildcardCharacters(User) ? OrEnd(() => Wildcards.Of(User), User) : null;
        var query = new CmsAuditQuery
        {
            From = From,
            To = To,
            Principal = users is null && User is not null ? WildcardPattern.Unescape(User) : null,
            PrincipalId = principalId,
            Action = Action,
            Result = Result,
            ObjectId = isPrincipal ? null : objectId,
            Source = Source,
            Text = Text,
            Descending = Newest is not null,
            Take = users is null ? (int)Math.Clamp(page.Most, 1, 1000) : 1000,
        };
        List(
            "Reading audit events",
            objectId ?? (object?)User,
            (client, token) => client.GetAuditAsync(query, token),
            one => users?.IsMatch(one.Principal) == false ? null : one with { Time = one.Time.ToLocalTime() },
            page,
            MyInvocation.ExpectingInput);
    }

    // What was removed has events all the same, and is known by its id only.
    private bool IsOfThisSystem(string parameter, long? id, string? cuid, out long? found)
    {
        found = id;
        if (PipedAlone(parameter, cuid, path: null) is { } alone)
        {
            found = Ask("Checking", alone.Input, alone.ReadAsync, oneOfMany: true)?.Id;
            return found is not null;
        }

        return id is not { } piped || !IsPiped(parameter) || Tell(
            "Checking",
            piped,
            async (client, token) =>
            {
                if (await Checks.FindAsync(() => client.GetObjectAsync(piped, token)).ConfigureAwait(false) is { } now)
                    Origin.Demand(now, cuid);
            },
            oneOfMany: true);
    }
}
