namespace LoggerCms.PowerShell.Objects;

/// <summary>Finds the users and groups of an export in the system that it goes to: by CUID, otherwise by name.</summary>
internal sealed class PrincipalMap(ICmsClient client)
{
    private readonly Principals _principals = new();
    private readonly Dictionary<string, long> _ids = new(StringComparer.Ordinal);

    /// <summary>The owner, the access list and the groups of an object, with the ids that they have here.</summary>
    /// <exception cref="LoggerCmsException">
    /// InvalidOption where the export does not say what they are; ObjectNotFound where a user or group is not here.
    /// </exception>
    public async Task<(long? OwnerId, CmsObjectRights Rights, IReadOnlyList<long> Groups)> MapAsync(CmsObjectInfo source, CancellationToken cancellationToken)
    {
        if (source.Rights is not { } rights)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption,
                $"The export has no rights of '{source.Path}': it was made without -IncludeRights, or by somebody who may not see them.",
                "Export it with -IncludeRights as somebody with the right ModifyRights, or import it without -IncludeRights.");
        }

        // An owner that was removed is nobody; then it is who imports.
        long? owner = rights.OwnerCuid is null ? null : await FindAsync(rights.OwnerCuid, source.Owner, "User", "belongs to", source, cancellationToken).ConfigureAwait(false);
        List<CmsObjectRight> entries = [];
        foreach (var entry in rights.Entries)
        {
            var id = await FindAsync(entry.PrincipalCuid, entry.Principal, entry.PrincipalKind, "has rights of", source, cancellationToken).ConfigureAwait(false);
            entries.Add(new CmsObjectRight { PrincipalId = id, Right = entry.Right, Value = entry.Value });
        }

        return (owner, rights with { Entries = entries }, await GroupsAsync(source, cancellationToken).ConfigureAwait(false));
    }

    private async Task<IReadOnlyList<long>> GroupsAsync(CmsObjectInfo source, CancellationToken cancellationToken)
    {
        if (source.Groups is null && Memberships.Of(source).Count > 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption,
                $"The export has only the ids of the groups of '{source.Path}', which are other groups here: it was made by an earlier release.",
                "Export it again, or import it without -IncludeRights and add it to its groups with Add-CmsGroupMember.");
        }

        List<long> groups = [];
        foreach (var group in source.Groups ?? [])
            groups.Add(await FindAsync(group.Cuid, group.Name, Principals.Group, "is a member of", source, cancellationToken).ConfigureAwait(false));
        return groups;
    }

    private async Task<long> FindAsync(string? cuid, string? name, string? kind, string relation, CmsObjectInfo source, CancellationToken cancellationToken)
    {
        var key = $"{kind}\n{cuid}\n{name}";
        if (_ids.TryGetValue(key, out var known))
            return known;
        var found = cuid is null ? null : await Checks.FindAsync(() => client.GetObjectByCuidAsync(cuid, cancellationToken)).ConfigureAwait(false);
        if (found?.Kind != kind && name is not null)
        {
            found = await Checks.FindAsync(() => kind == Principals.Group
                ? _principals.FindGroupAsync(client, name, cancellationToken)
                : _principals.FindUserAsync(client, name, cancellationToken)).ConfigureAwait(false);
        }

        if (found is null || found.Kind != kind)
        {
            throw new LoggerCmsException(
                ErrorCodes.ObjectNotFound,
                $"'{source.Path}' {relation} {(kind == Principals.Group ? "the group" : "the user")} {(name is null ? "that whoever exported it could not see" : $"'{name}', which is not here, or which you may not see")}; the object was not brought in.",
                "Where the same export has that user or group further down, import it again with -Update Skip, until nothing is left out. "
                    + "Otherwise make it first (New-CmsUser, New-CmsGroup), or import without -IncludeRights.");
        }

        return _ids[key] = found.Id;
    }
}
