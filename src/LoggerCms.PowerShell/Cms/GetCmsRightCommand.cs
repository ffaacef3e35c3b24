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
        IReadOnlyList<WildcardPattern> principals = [.. Principal.Select(one => OrEnd(() => Wildcards.Of(one), one))];
        IReadOnlyList<WildcardPattern> rights = [.. Right.Select(one => OrEnd(() => Wildcards.Of(one), one))];
        foreach (var target in Targets())
        {
            var entries = Ask("Reading rights", target.Input, (client, token) => ReadAsync(client, target, token), IsOneOfMany);
            WriteEach(entries?.Where(entry => (!ExplicitOnly || !entry.Inherited) && Wildcards.Match(principals, entry.Principal) && Wildcards.Match(rights, entry.Right)));
        }
    }

    private static async Task<IReadOnlyList<CmsRightEntry>> ReadAsync(ICmsClient client, ObjectTarget target, CancellationToken cancellationToken)
    {
        var id = await target.FindIdAsync(client, cancellationToken).ConfigureAwait(false);
        return await client.GetRightsAsync(id, cancellationToken).ConfigureAwait(false);
    }
}
