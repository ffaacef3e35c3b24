using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists tokens, without their secrets.</summary>
[Cmdlet(VerbsCommon.Get, "CmsToken")]
[OutputType(typeof(CmsToken))]
public sealed class GetCmsTokenCommand : NodeCmdlet
{
    private long[]? _principals;

    /// <summary>What they are for; wildcards are allowed.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Their ids.</summary>
    [Parameter]
    public Guid[] Id { get; set => field = value ?? []; } = [];

    /// <summary>The users that they stand for; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CmsUserCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] User { get; set; } = [];

    /// <summary>The users that they stand for, by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public long[] PrincipalId { get; set => field = value ?? []; } = [];

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public string? PrincipalCuid { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<WildcardPattern> names = [.. Name.Select(one => OrEnd(() => Wildcards.Of(one), one))];
        IReadOnlyList<WildcardPattern> users = [.. User.Select(one => OrEnd(() => Wildcards.Of(one), one))];
        _principals = MyInvocation.BoundParameters.ContainsKey(nameof(PrincipalId)) ? PrincipalId : null;
        var piped = IsPiped(nameof(PrincipalId)) && PrincipalId is [var id] && PrincipalCuid is { Length: > 0 } cuid
            ? new ObjectTarget(id, null, cuid)
            : PipedAlone(nameof(PrincipalId), PrincipalCuid, path: null);
        if (piped is not null)
        {
            if (Ask("Reading principals", piped.Input, piped.ReadAsync, MyInvocation.ExpectingInput) is not { } found)
                return;
            _principals = [found.Id];
        }

        var tokens = Ask("Reading tokens", null, (client, token) => client.GetTokensAsync(token))!;
        WriteObject(tokens.Where(token => IsWanted(token, names, users)), enumerateCollection: true);
        foreach (var missing in Id.Where(one => tokens.All(token => token.Id != one)))
        {
            WriteError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no token {missing} that you may see.", "Get-CmsToken lists them."), missing));
        }
    }

    private bool IsWanted(CmsToken token, IReadOnlyList<WildcardPattern> names, IReadOnlyList<WildcardPattern> users)
        => (!MyInvocation.BoundParameters.ContainsKey(nameof(Id)) || Id.Contains(token.Id))
            && _principals?.Contains(token.PrincipalId) != false
            && Wildcards.Match(names, token.Name) && Wildcards.Match(users, token.Principal);
}
