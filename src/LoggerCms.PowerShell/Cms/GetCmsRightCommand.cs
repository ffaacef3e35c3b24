using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists the entries of access lists that count for objects.</summary>
[Cmdlet(VerbsCommon.Get, "CmsRight")]
[OutputType(typeof(CmsRightEntry))]
public sealed class GetCmsRightCommand : ObjectTargetCmdlet
{
    /// <summary>Only entries of these users and groups; wildcards are allowed.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CmsPrincipalCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Principal { get; set; } = [];

    /// <summary>Only entries of these rights; wildcards are allowed.</summary>
    [Parameter(Position = 2)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(CmsRightCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Right { get; set; } = [];

    /// <summary>Only entries of the objects themselves.</summary>
    [Parameter]
    public SwitchParameter ExplicitOnly { get; set; }

    private protected override string MeantByPath => "Give users and groups as -Principal. ";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var target in Targets())
        {
            var entries = Ask("Reading rights", target.Input, (client, token) => ReadAsync(client, target, token), IsOneOfMany);
            WriteEach(entries?.Where(IsWanted));
        }
    }

    private bool IsWanted(CmsRightEntry entry)
        => (!ExplicitOnly || !entry.Inherited) && Matches(Principal, entry.Principal) && Matches(Right, entry.Right);

    private static bool Matches(string[] wildcards, string text)
        => wildcards.Length == 0 || wildcards.Any(wildcard => new WildcardPattern(wildcard, WildcardOptions.IgnoreCase).IsMatch(text));

    private static async Task<IReadOnlyList<CmsRightEntry>> ReadAsync(ICmsClient client, ObjectTarget target, CancellationToken cancellationToken)
    {
        var id = await target.FindIdAsync(client, cancellationToken).ConfigureAwait(false);
        return await client.GetRightsAsync(id, cancellationToken).ConfigureAwait(false);
    }
}
