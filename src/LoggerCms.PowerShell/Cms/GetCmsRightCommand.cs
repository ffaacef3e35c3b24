using System.Management.Automation;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists the entries of access lists that count for objects.</summary>
[Cmdlet(VerbsCommon.Get, "CmsRight")]
[OutputType(typeof(CmsRightEntry))]
public sealed class GetCmsRightCommand : ObjectTargetCmdlet
{
    private readonly Principals _principals = new();
    private Sought _who = new([]);
    private Sought _which = new([]);
    private ObjectTarget? _read;

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
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _who = OrEnd(() => new Sought(Principal), Principal);
        _which = OrEnd(() => new Sought(Right), Right);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var target in Targets())
        {
            if (Ask("Reading rights", target.Input, (client, token) => ReadAsync(client, target, token), IsOneOfMany) is not { } entries)
                continue;
            _read ??= target;
            foreach (var entry in entries)
            {
                _who.Saw(entry.Principal);
                _which.Saw(entry.Right);
            }

            WriteEach(entries.Where(entry => (!ExplicitOnly || !entry.Inherited) && _who.Match(entry.Principal) && _which.Match(entry.Right)));
        }
    }

    // A name that is misspelt must not look like one without entries. One that an entry has is somebody's, whom the reader may not see otherwise.
    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach (var name in _who.TakeUnmet())
            Ask("Reading principals", name, (client, token) => _principals.RequireAsync(client, name, orGroup: true, token), Principal.Length > 1);
        if (_read is not { } target)
            return;
        foreach (var right in _which.TakeUnmet())
            Ask("Asking for rights", right, (client, token) => TestAsync(client, target, right, token), IsOneOfMany || Right.Length > 1);
    }

    private static async Task<IReadOnlyList<CmsRightEntry>> ReadAsync(ICmsClient client, ObjectTarget target, CancellationToken cancellationToken)
    {
        var id = await target.FindIdAsync(client, cancellationToken).ConfigureAwait(false);
        return await client.GetRightsAsync(id, cancellationToken).ConfigureAwait(false);
    }

    // The node knows which rights there are.
    private static async Task<CmsRightDecision> TestAsync(ICmsClient client, ObjectTarget target, string right, CancellationToken cancellationToken)
    {
        var id = await target.FindIdAsync(client, cancellationToken).ConfigureAwait(false);
        return await client.TestRightAsync(new CmsRightQuestion { ObjectId = id, Right = right }, cancellationToken).ConfigureAwait(false);
    }
}
