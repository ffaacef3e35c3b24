using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Removes users, or groups.</summary>
public abstract class RemovePrincipalCmdlet : NodeCmdlet
{
    private readonly Principals _principals = new();

    /// <summary>Their ids.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("PrincipalId", "SI_ID")]
    public long[] Id { get; set => field = value ?? []; } = [];

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
        RefuseTwo(nameof(Id), Id.Length, "Name");
        var many = MyInvocation.ExpectingInput || Id.Length + Names.Length > 1;
        var (cuid, path) = IsPiped(nameof(Id)) ? (Cuid, Path) : (null, null);
        if (Id.Length > 0)
            Remove(Id.Select(id => new ObjectTarget(id, path, cuid)), many);
        else if (Names.Length > 0)
            Remove(Names, many);
        else if (PipedAlone(nameof(Id), Cuid, Path) is { } piped)
            Remove([piped], many);
        else if (!IsWritten(nameof(Id)))
            ReportUnnamed(Kind, many);
    }

    private void Remove(IEnumerable<ObjectTarget> targets, bool many)
        => Remove(targets.Select(one => (one.Input, (Func<ICmsClient, CancellationToken, Task<CmsObjectInfo>>)one.ReadAsync)), many);

    private void Remove(IEnumerable<string> names, bool many)
        => Remove(
            names.Select(name => ((object)name, (Func<ICmsClient, CancellationToken, Task<CmsObjectInfo>>)((client, token) => Kind == Principals.User
                ? _principals.FindUserAsync(client, name, token)
                : _principals.FindGroupAsync(client, name, token)))),
            many);

    private void Remove(IEnumerable<(object Input, Func<ICmsClient, CancellationToken, Task<CmsObjectInfo>> Find)> targets, bool many)
    {
        foreach (var (input, find) in targets)
        {
            if (Ask("Checking", input, (client, token) => CheckAsync(client, find, token), many) is not { } found || !ShouldProcess($"{found.Name} (id {found.Id})", $"Remove {Kind}"))
                continue;
            Ask("Removing", input, (client, token) => RemoveAsync(client, found, token), many);
        }
    }

    private async Task<CmsObjectInfo> CheckAsync(
        ICmsClient client, Func<ICmsClient, CancellationToken, Task<CmsObjectInfo>> find, CancellationToken cancellationToken)
    {
        var found = await find(client, cancellationToken).ConfigureAwait(false);
        if (found.Kind != Kind)
            throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"Object {found.Id} '{found.Name}' is a {found.Kind}, not a {Kind}.", $"Remove-CmsObject -Id {found.Id}");
        if (IsWhatIf)
            await client.PlanAsync(await ChangesAsync(client, found, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return found;
    }

    private async Task<CmsChangeAnswer> RemoveAsync(ICmsClient client, CmsObjectInfo found, CancellationToken cancellationToken)
        => await client.ChangeAsync(
            new CmsChangeRequest { Changes = await ChangesAsync(client, found, cancellationToken).ConfigureAwait(false) }, cancellationToken).ConfigureAwait(false);

    // A group's members lose it in the same request: no one is left a member of a group that is not there.
    private async Task<IReadOnlyList<CmsChange>> ChangesAsync(ICmsClient client, CmsObjectInfo found, CancellationToken cancellationToken)
    {
        var changes = new List<CmsChange>();
        if (Kind == Principals.Group)
        {
            await foreach (var member in Members.OfAsync(client, found.Id, cancellationToken).ConfigureAwait(false))
                changes.Add(Memberships.Change(member, Memberships.Of(member).Where(id => id != found.Id)));
        }

        changes.Add(new CmsChange { Operation = "Remove", Id = found.Id, ExpectedCuid = found.Cuid });
        return changes;
    }
}
