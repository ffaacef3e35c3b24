using System.Runtime.CompilerServices;

namespace LoggerCms.PowerShell.Objects;

/// <summary>The members of groups, found by what each user and group says of itself.</summary>
internal static class Members
{
    private const int MostTries = 5;

    /// <summary>The direct members.</summary>
    public static async IAsyncEnumerable<CmsObjectInfo> OfAsync(
        ICmsClient client, long groupId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var path in (string[])[CmsPath.Users, CmsPath.Groups])
        {
            var folder = await client.GetObjectByPathAsync(path, cancellationToken).ConfigureAwait(false);
            await foreach (var one in client.GetChildrenAsync(folder.Id, cancellationToken).ConfigureAwait(false))
            {
                if (Memberships.Of(one).Contains(groupId))
                    yield return one;
            }
        }
    }

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
                member = await client.GetObjectAsync(member.Id, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
