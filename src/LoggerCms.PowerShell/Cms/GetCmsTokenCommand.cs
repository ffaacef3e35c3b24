using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists tokens, without their secrets.</summary>
[Cmdlet(VerbsCommon.Get, "CmsToken")]
[OutputType(typeof(CmsToken))]
public sealed class GetCmsTokenCommand : NodeCmdlet
{
    private readonly Principals _principals = new();
    private readonly HashSet<long> _askedFor = [];
    private Sought _names = new([]);
    private Sought _users = new([]);
    private long[]? _ids;

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
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _names = OrEnd(() => new Sought(Name), Name);
        _users = OrEnd(() => new Sought(User), User);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _ids = MyInvocation.BoundParameters.ContainsKey(nameof(PrincipalId)) ? PrincipalId : null;
        var piped = IsPiped(nameof(PrincipalId)) && PrincipalId is [var id] && PrincipalCuid is { Length: > 0 } cuid
            ? new ObjectTarget(id, null, cuid)
            : PipedAlone(nameof(PrincipalId), PrincipalCuid, path: null);
        if (piped is not null)
        {
            if (Ask("Reading principals", piped.Input, piped.ReadAsync, MyInvocation.ExpectingInput) is not { } found)
                return;
            _ids = [found.Id];
        }

        var tokens = Ask("Reading tokens", null, (client, token) => client.GetTokensAsync(token))!;
        WriteObject(tokens.Where(IsWanted), enumerateCollection: true);
        ReportMissing(tokens, piped is null ? _ids ?? [] : []);
    }

    // Whoever revokes what this gives must not take a name that is misspelt for that of a user without tokens. A user of whom there are tokens may be one
    // that was removed, or whom the caller may not see.
    private void ReportMissing(IReadOnlyList<CmsToken> tokens, long[] ids)
    {
        foreach (var token in tokens)
        {
            _names.Saw(token.Name);
            _users.Saw(token.Principal);
        }

        foreach (var missing in Id.Where(one => tokens.All(token => token.Id != one)))
            ReportMissing($"{missing}", missing);
        foreach (var missing in _names.TakeUnmet())
            ReportMissing($"'{missing}'", missing);
        var many = MyInvocation.ExpectingInput || User.Length + ids.Length > 1;
        foreach (var name in _users.TakeUnmet())
            Ask("Reading principals", name, (client, token) => _principals.RequireAsync(client, name, orGroup: false, token), many);
        foreach (var id in ids.Where(one => tokens.All(token => token.PrincipalId != one) && _askedFor.Add(one)))
            Ask("Reading principals", id, (client, token) => client.GetObjectAsync(id, token), many);
    }

    private void ReportMissing(string what, object target)
        => WriteError(ErrorRecords.From(new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no token {what} that you may see.", "Get-CmsToken lists them."), target));

    private bool IsWanted(CmsToken token)
        => (!MyInvocation.BoundParameters.ContainsKey(nameof(Id)) || Id.Contains(token.Id))
            && _ids?.Contains(token.PrincipalId) != false
            && _names.Match(token.Name) && _users.Match(token.Principal);
}
