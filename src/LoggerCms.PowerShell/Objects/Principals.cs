using System.Runtime.CompilerServices;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Objects;

/// <summary>
/// Users and groups of one node, found by name: users below the folder of users, groups below that of groups, at any depth. Names are read once; a cmdlet holds one of these for one pipeline. Not for several callers at
/// once.
/// </summary>
internal sealed class Principals
{
    public const string User = "User";
    public const string Group = "UserGroup";
    public const string FullName = "SI_USERFULLNAME";
    public const string Email = "SI_EMAIL_ADDRESS";

    private readonly Dictionary<(string Kind, string Name), IReadOnlyList<CmsObjectInfo>> _byName = [];
    private Dictionary<long, string>? _groupNames;

    /// <summary>The user or group of a name.</summary>
    /// <exception cref="LoggerCmsException">ObjectNotFound, or InvalidOption where several have that name.</exception>
    public async Task<CmsObjectInfo> FindAsync(ICmsClient client, string name, CancellationToken cancellationToken)
        => Only(
            [
                .. await NamedAsync(client, User, name, cancellationToken).ConfigureAwait(false),
                .. await NamedAsync(client, Group, name, cancellationToken).ConfigureAwait(false),
            ],
            "user or group", name, "Get-CmsUser and Get-CmsGroup list them.");

    /// <inheritdoc cref="FindAsync"/>
    public async Task<CmsObjectInfo> FindUserAsync(ICmsClient client, string name, CancellationToken cancellationToken)
        => Only(await NamedAsync(client, User, name, cancellationToken).ConfigureAwait(false), "user", name, "Get-CmsUser lists them.");

    /// <inheritdoc cref="FindAsync"/>
    public async Task<CmsObjectInfo> FindGroupAsync(ICmsClient client, string name, CancellationToken cancellationToken)
        => Only(await NamedAsync(client, Group, name, cancellationToken).ConfigureAwait(false), "group", name, "Get-CmsGroup lists them.");

    /// <summary>Makes sure that somebody has a name, of whom folders may hold several.</summary>
    /// <exception cref="LoggerCmsException">ObjectNotFound.</exception>
    public async Task<IReadOnlyList<CmsObjectInfo>> RequireAsync(ICmsClient client, string name, bool orGroup, CancellationToken cancellationToken)
    {
        var found = await NamedAsync(client, User, name, cancellationToken).ConfigureAwait(false);
        if (found.Count == 0 && orGroup)
            found = await NamedAsync(client, Group, name, cancellationToken).ConfigureAwait(false);
        return found.Count > 0 ? found
            : throw (orGroup ? NotThere("user or group", name, "Get-CmsUser and Get-CmsGroup list them.") : NotThere("user", name, "Get-CmsUser lists them."));
    }

    /// <summary>All users, or all groups, of a name; folders may hold one each.</summary>
    public async Task<IReadOnlyList<CmsObjectInfo>> NamedAsync(ICmsClient client, string kind, string name, CancellationToken cancellationToken)
    {
        var key = (kind, name.ToUpperInvariant());
        if (!_byName.TryGetValue(key, out var found))
            _byName[key] = found = await ListAsync(client, kind, CmsQueries.IsNamed(name), cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        return found;
    }

    /// <summary>Users or groups, by id.</summary>
    /// <param name="client">The node.</param>
    /// <param name="kind">Which of both.</param>
    /// <param name="also">A condition of the query language; null for all.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async IAsyncEnumerable<CmsObjectInfo> ListAsync(
        ICmsClient client, string kind, string? also, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in client.QueryAsync(CmsQueries.Principals(kind, also), cancellationToken).ConfigureAwait(false))
            yield return InfoObjects.InfoFromRow(row);
    }

    public async Task<CmsPrincipal> DescribeAsync(ICmsClient client, CmsObjectInfo info, CancellationToken cancellationToken)
    {
        var groups = Memberships.Of(info);
        if (groups.Count > 0 && (_groupNames is null || !groups.All(_groupNames.ContainsKey)))
            _groupNames = await ReadGroupNamesAsync(client, cancellationToken).ConfigureAwait(false);

        var properties = PropertyReader.FromJson(info.Properties);
        SessionMemory.SawPrincipal(info.Name, info.Kind == Group);
        return new CmsPrincipal
        {
            Id = info.Id,
            Cuid = info.Cuid,
            Kind = info.Kind,
            Name = info.Name,
            Path = info.Path,
            FullName = properties[FullName] as string ?? string.Empty,
            Email = properties[Email] as string ?? string.Empty,
            Groups = [.. groups.Select(id => _groupNames!.GetValueOrDefault(id, $"(id {id})"))],
            GroupIds = groups,
            Version = info.Version,
            Created = info.Created.ToLocalTime(),
            Modified = info.Modified.ToLocalTime(),
        };
    }

    private static CmsObjectInfo Only(IReadOnlyList<CmsObjectInfo> found, string what, string name, string remedy) => found.Count switch
    {
        1 => found[0],
        0 => throw NotThere(what, name, remedy),
        _ => throw new LoggerCmsException(
            ErrorCodes.InvalidOption,
            $"More than one {what} has the name '{name}': {string.Join(", ", found.Select(one => $"{one.Path} (id {one.Id})"))}.",
            "Give the id of the one that is meant: -PrincipalId, or -Id."),
    };

    private static LoggerCmsException NotThere(string what, string name, string remedy)
        => new(ErrorCodes.ObjectNotFound, $"There is no {what} '{name}' that you may see.", remedy);

    private static async Task<Dictionary<long, string>> ReadGroupNamesAsync(ICmsClient client, CancellationToken cancellationToken)
    {
        var names = new Dictionary<long, string>();
        await foreach (var group in ListAsync(client, Group, null, cancellationToken).ConfigureAwait(false))
            names[group.Id] = group.Name;
        return names;
    }
}
