using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists tokens, without their secrets.</summary>
[Cmdlet(VerbsCommon.Get, "CmsToken")]
[OutputType(typeof(CmsToken))]
public sealed class GetCmsTokenCommand : NodeCmdlet
{
    /// <summary>What they are for; wildcards are allowed.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Their ids.</summary>
    [Parameter]
    public Guid[] Id { get; set; } = [];

    /// <summary>The users that they stand for; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CmsUserCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] User { get; set; } = [];

    /// <summary>The users that they stand for, by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public long[] PrincipalId { get; set; } = [];

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public string? PrincipalCuid { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (IsPiped(nameof(PrincipalId)) && PrincipalId is [var piped] && PrincipalCuid is { Length: > 0 } cuid
            && Ask("Reading principals", piped, (client, token) => Origin.ReadAsync(client, piped, cuid, token), MyInvocation.ExpectingInput) is null)
        {
            return;
        }

        var tokens = Ask("Reading tokens", null, (client, token) => client.GetTokensAsync(token))!;
        WriteObject(tokens.Where(IsWanted), enumerateCollection: true);
        foreach (var id in Id.Where(id => tokens.All(token => token.Id != id)))
        {
            WriteError(ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no token {id} that you may see.", "Get-CmsToken lists them."), id));
        }
    }

    private bool IsWanted(CmsToken token)
        => (Id.Length == 0 || Id.Contains(token.Id))
            && (PrincipalId.Length == 0 || PrincipalId.Contains(token.PrincipalId))
            && Matches(Name, token.Name) && Matches(User, token.Principal);

    private static bool Matches(string[] wildcards, string text)
        => wildcards.Length == 0 || wildcards.Any(wildcard => new WildcardPattern(wildcard, WildcardOptions.IgnoreCase).IsMatch(text));
}
