using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Objects;

/// <summary>
/// Users and groups of one node, found by name. Group names are read once; a cmdlet holds one of these for one pipeline. Not for several callers at
/// once.
/// </summary>
internal sealed class Principals
{
    public const string User = "User";
    public const string Group = "UserGroup";
    public const string FullName = "SI_USERFULLNAME";
    public const string Email = "SI_EMAIL_ADDRESS";

    private readonly Dictionary<string, CmsObjectInfo> _byName = new(StringComparer.OrdinalIgnoreCase);
    private Dictionary<long, string>? _groupNames;

    /// <summary>The user or group of a name.</summary>
    /// <exception cref="LoggerCmsException">ObjectNotFound, or InvalidOption where a user and a group have that name.</exception>
    public async Task<CmsObjectInfo> FindAsync(ICmsClient client, string name, CancellationToken cancellationToken)
    {
        if (_byName.TryGetValue(name, out var known))
            return known;
        var user = await Checks.FindAsync(client, CmsPath.Child(CmsPath.Users, name), cancellationToken).ConfigureAwait(false);
        var group = await Checks.FindAsync(client, CmsPath.Child(CmsPath.Groups, name), cancellationToken).ConfigureAwait(false);
        if (user is not null && group is not null)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"A user and a group have the name '{name}'.", $"Give -PrincipalId: {user.Id} is the user, {group.Id} is the group.");
        }

        return _byName[name] = user ?? group
            ?? throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no user or group '{name}' that you may see.", "Get-CmsUser and Get-CmsGroup list them.");
    }

    /// <exception cref="LoggerCmsException">ObjectNotFound.</exception>
    public async Task<CmsObjectInfo> FindUserAsync(ICmsClient client, string name, CancellationToken cancellationToken)
        => await Checks.FindAsync(client, CmsPath.Child(CmsPath.Users, name), cancellationToken).ConfigureAwait(false)
            ?? throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no user '{name}' that you may see.", "Get-CmsUser lists them.");

    /// <exception cref="LoggerCmsException">ObjectNotFound.</exception>
    public async Task<CmsObjectInfo> FindGroupAsync(ICmsClient client, string name, CancellationToken cancellationToken)
        => await Checks.FindAsync(client, CmsPath.Child(CmsPath.Groups, name), cancellationToken).ConfigureAwait(false)
            ?? throw new LoggerCmsException(ErrorCodes.ObjectNotFound, $"There is no group '{name}' that you may see.", "Get-CmsGroup lists them.");

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

    private static async Task<Dictionary<long, string>> ReadGroupNamesAsync(ICmsClient client, CancellationToken cancellationToken)
    {
        var names = new Dictionary<long, string>();
        var folder = await client.GetObjectByPathAsync(CmsPath.Groups, cancellationToken).ConfigureAwait(false);
        await foreach (var group in client.GetChildrenAsync(folder.Id, cancellationToken).ConfigureAwait(false))
            names[group.Id] = group.Name;
        return names;
    }
}
