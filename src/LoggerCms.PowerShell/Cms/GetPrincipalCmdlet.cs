using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Lists users, or groups.</summary>
public abstract class GetPrincipalCmdlet : NodeCmdlet
{
    private readonly Principals _principals = new();

    /// <summary>Their ids.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("SI_ID")]
    public long[] Id { get; set => field = value ?? []; } = [];

    /// <summary>Of a token, an entry or an event: an Id or a path beside it is not the user's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    public long? PrincipalId { get; set; }

    /// <summary>The CUID that came with the id, which must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    [Alias("PrincipalCuid", "SI_CUID")]
    public string? Cuid { get; set; }

    /// <summary>The path that came with the id: without a CUID it must be that object's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, DontShow = true)]
    [Alias("SI_PATH")]
    public string? Path { get; set; }

    private protected abstract string[] Names { get; }

    private protected abstract string Kind { get; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var (ids, source) = PrincipalId is { } principal && !IsWritten(nameof(Id)) ? ([principal], nameof(PrincipalId)) : (Id, nameof(Id));
        RefuseTwo(source, ids.Length, "Name");
        var many = MyInvocation.ExpectingInput || ids.Length + Names.Length > 1;
        var cuid = IsPiped(source) ? Cuid : null;
        var path = IsPiped(nameof(Id)) && source == nameof(Id) ? Path : null;
        ObjectTarget[]? targets = ids.Length > 0 || IsWritten(nameof(Id)) ? [.. ids.Select(id => new ObjectTarget(id, path, cuid))]
            : PipedAlone(nameof(Id), Cuid, Path) is { } piped ? [piped]
            : null;
        if (targets is not null)
        {
            foreach (var target in targets)
                WriteEach(Ask("Reading principals", target.Input, async (client, token) => new[] { await OneAsync(client, target, token).ConfigureAwait(false) }, many));
            return;
        }

        var patterns = new List<WildcardPattern>();
        foreach (var name in Names)
        {
            if (WildcardPattern.ContainsWildcardCharacters(name))
                patterns.Add(OrEnd(() => Wildcards.Of(name), name));
            else
                WriteEach(Ask("Reading principals", name, (client, token) => ByNameAsync(client, name, token), many));
        }

        if (patterns.Count > 0 || Names.Length == 0)
            List("Reading principals", null, (client, token) => AllAsync(client, patterns, token), one => one);
    }

    private async Task<CmsPrincipal> OneAsync(ICmsClient client, ObjectTarget target, CancellationToken cancellationToken)
    {
        var found = await target.ReadAsync(client, cancellationToken).ConfigureAwait(false);
        return found.Kind == Kind
            ? await _principals.DescribeAsync(client, found, cancellationToken).ConfigureAwait(false)
            : throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"Object {found.Id} '{found.Name}' is a {found.Kind}, not a {Kind}.", $"Get-CmsObject -Id {found.Id}");
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
