namespace LoggerCms.PowerShell.Objects;

/// <summary>The members of groups, found by what each user and group says of itself.</summary>
internal static class Members
{
    private const int MostTries = 10;

    // The same in every system.
    private const long Everyone = 1;
    private const long Administrators = 2;
    private const long Administrator = 12;

    /// <summary>The users, then the groups, that say that they are direct members.</summary>
    public static IAsyncEnumerable<CmsObjectInfo> OfAsync(ICmsClient client, long groupId, CancellationToken cancellationToken)
        => ListAsync(client, CmsQueries.IsMemberOf(groupId), cancellationToken);

    /// <summary>The same with those that always are: all of Everyone, and Administrator of Administrators.</summary>
    public static IAsyncEnumerable<CmsObjectInfo> AllOfAsync(ICmsClient client, long groupId, CancellationToken cancellationToken) => groupId switch
    {
        Everyone => ListAsync(client, null, cancellationToken).Where(one => one.Id != Everyone),
        Administrators => ListAsync(client, $"{CmsQueries.IsMemberOf(groupId)} OR {CmsQueries.IsObject(Administrator)}", cancellationToken),
        _ => OfAsync(client, groupId, cancellationToken),
    };

    private static IAsyncEnumerable<CmsObjectInfo> ListAsync(ICmsClient client, string? also, CancellationToken cancellationToken)
        => Principals.ListAsync(client, Principals.User, also, cancellationToken).Concat(Principals.ListAsync(client, Principals.Group, also, cancellationToken));

    /// <summary>What makes a user or group a member, or no member; null where it is that already.</summary>
    public static CmsChange? Change(CmsObjectInfo member, long groupId, bool isMember)
    {
        var groups = Memberships.Of(member);
        return groups.Contains(groupId) == isMember ? null : Memberships.Change(member, isMember ? [.. groups, groupId] : groups.Where(id => id != groupId));
    }

    /// <summary>Changes the groups of a user or group; where somebody else changes it at the same time, reads it again and repeats.</summary>
    /// <returns>The member as it is then.</returns>
    /// <exception cref="LoggerCmsException">As the node gives it.</exception>
    public static async Task<CmsObjectInfo> ChangeAsync(
        ICmsClient client, CmsObjectInfo member, long groupId, bool isMember, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            if (Change(member, groupId, isMember) is not { } change)
                return member;
            try
            {
                await client.ChangeAsync(new CmsChangeRequest { Changes = [change] }, cancellationToken).ConfigureAwait(false);
                return await client.GetObjectAsync(member.Id, cancellationToken).ConfigureAwait(false);
            }
            catch (LoggerCmsException e) when (e.Code == ErrorCodes.VersionConflict && tries < MostTries)
            {
                // The conflict is with what may not be durable yet, and is shown only then.
                await Task.Delay(Random.Shared.Next(1 << tries), cancellationToken).ConfigureAwait(false);
                member = await client.GetObjectAsync(member.Id, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
