using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists users, or groups.</summary>
public abstract class GetPrincipalCmdlet : NodeCmdlet
{
    private readonly Principals _principals = new();

    /// <summary>Their ids.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("PrincipalId", "SI_ID")]
    public long[] Id { get; set; } = [];

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    [Alias("PrincipalCuid", "SI_CUID")]
    public string? Cuid { get; set; }

    private protected abstract string[] Names { get; }

    private protected abstract string Kind { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var many = MyInvocation.ExpectingInput || Id.Length + Names.Length > 1;
        if (Id.Length > 0)
        {
            var cuid = IsPiped(nameof(Id)) ? Cuid : null;
            foreach (var id in Id)
                WriteEach(Ask("Reading principals", id, async (client, token) => new[] { await ByIdAsync(client, id, cuid, token).ConfigureAwait(false) }, many));
            return;
        }

        var patterns = new List<WildcardPattern>();
        foreach (var name in Names)
        {
            if (WildcardPattern.ContainsWildcardCharacters(name))
                patterns.Add(new WildcardPattern(name, WildcardOptions.IgnoreCase));
            else
                WriteEach(Ask("Reading principals", name, (client, token) => ByNameAsync(client, name, token), many));
        }

        if (patterns.Count > 0 || Names.Length == 0)
            List("Reading principals", null, (client, token) => AllAsync(client, patterns, token), one => one);
    }

    private async Task<CmsPrincipal> ByIdAsync(ICmsClient client, long id, string? cuid, CancellationToken cancellationToken)
    {
        var found = await Origin.ReadAsync(client, id, cuid, cancellationToken).ConfigureAwait(false);
        return found.Kind == Kind
            ? await _principals.DescribeAsync(client, found, cancellationToken).ConfigureAwait(false)
            : throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"Object {id} '{found.Name}' is a {found.Kind}, not a {Kind}.", $"Get-CmsObject -Id {id}");
    }

    private async Task<IReadOnlyList<CmsPrincipal>> ByNameAsync(ICmsClient client, string name, CancellationToken cancellationToken)
    {
        List<CmsPrincipal> found = [];
        foreach (var one in await _principals.NamedAsync(client, Kind, name, cancellationToken).ConfigureAwait(false))
            found.Add(await _principals.DescribeAsync(client, one, cancellationToken).ConfigureAwait(false));
        return found.Count > 0 ? found : throw new LoggerCmsException(
            ErrorCodes.ObjectNotFound,
            $"There is no {(Kind == Principals.User ? "user" : "group")} '{name}' that you may see.",
            $"{MyInvocation.MyCommand.Name} without a name lists all.");
    }

    private async IAsyncEnumerable<CmsPrincipal> AllAsync(
        ICmsClient client, List<WildcardPattern> patterns, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var one in Principals.ListAsync(client, Kind, null, cancellationToken).ConfigureAwait(false))
        {
            if (patterns.Count == 0 || patterns.Exists(pattern => pattern.IsMatch(one.Name)))
                yield return await _principals.DescribeAsync(client, one, cancellationToken).ConfigureAwait(false);
        }
    }
}
