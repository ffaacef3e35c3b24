using System.Diagnostics;
using LoggerCms.PowerShell.Engine;

namespace LoggerCms.PowerShell.Cms;

/// <summary>
/// The connections of this process. All its runspaces have them in common, so that what ForEach-Object -Parallel does goes where its shell is
/// connected to.
/// </summary>
internal static class CmsSessions
{
    // A node may come back under another address, which its profile then names: a connection by profile is kept for a loop, not for a day.
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LogOffTime = TimeSpan.FromSeconds(5);

    private static readonly Lock Gate = new();
    private static readonly Dictionary<Guid, (CmsSession Session, ICmsClient Client)> s_open = [];
    private static readonly Dictionary<string, (ICmsClient Client, long Used)> s_byProfile = new(StringComparer.Ordinal);
    private static CmsSession? s_default;
    private static bool s_isDefaultShared;

    public static CmsSession? Default
    {
        get
        {
            lock (Gate)
                return s_default;
        }
    }

    public static IReadOnlyList<CmsSession> Open()
    {
        lock (Gate)
            return [.. s_open.Values.Select(one => one.Session)];
    }

    /// <summary>Makes a connection and makes it the default.</summary>
    /// <param name="connection">How.</param>
    /// <param name="isShared">The caller hands it out; otherwise it is closed when it is the default no more.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<CmsSession> ConnectAsync(CmsConnection connection, bool isShared, CancellationToken cancellationToken)
    {
        var client = await EngineHost.GetCmsTools().ConnectAsync(connection, cancellationToken).ConfigureAwait(false);
        CmsNodeInfo node;
        try
        {
            node = await client.GetNodeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            client.Dispose();
            throw;
        }

        var session = new CmsSession
        {
            Id = Guid.NewGuid(),
            Endpoint = client.Endpoint,
            Node = node.Name,
            Side = node.Side,
            SystemId = node.SystemId,
            Profile = connection.Profile,
            User = connection.Credential?.UserName,
        };
        CmsSession? replaced;
        lock (Gate)
        {
            s_open[session.Id] = (session, client);
            replaced = s_isDefaultShared ? null : s_default;
            (s_default, s_isDefaultShared) = (session, isShared);
        }

        if (replaced is not null)
            await CloseAsync(replaced.Id, cancellationToken).ConfigureAwait(false);
        return session;
    }

    /// <summary>Closes a connection; one that logged on logs off, as far as the node can be asked.</summary>
    /// <returns>False where it is not open here.</returns>
    public static async Task<bool> CloseAsync(Guid id, CancellationToken cancellationToken)
    {
        if (Take(id) is not { } client)
            return false;
        using (client)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(LogOffTime);
            try
            {
                await client.LogOffAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is LoggerCmsException or OperationCanceledException)
            {
                // The connection is closed all the same; a token that nobody has any more expires by itself.
            }
        }

        return true;
    }

    private static ICmsClient? Take(Guid id)
    {
        lock (Gate)
        {
            if (!s_open.Remove(id, out var one))
                return null;
            if (s_default?.Id == id)
                s_default = null;
            return one.Client;
        }
    }

    /// <summary>The open connection to the node of that name; without one, what makes one by the profile of that name.</summary>
    public static CmsSession Named(string node)
    {
        lock (Gate)
        {
            return s_default?.Node == node
                ? s_default
                : s_open.Values.Select(one => one.Session).FirstOrDefault(session => session.Node == node) ?? new CmsSession { Profile = node };
        }
    }

    /// <summary>A node was started: connections to the address that it had before are dead, and those by profile are made anew.</summary>
    public static void Started(CmsNodeInfo node)
    {
        foreach (var session in Open().Where(one => one.Node == node.Name && one.SystemId == node.SystemId && one.Endpoint != node.Endpoint))
            Take(session.Id)?.Dispose();
        Stopped();
    }

    /// <summary>A node was stopped: connections by profile are made anew.</summary>
    public static void Stopped()
    {
        lock (Gate)
            s_byProfile.Clear();
    }

    /// <param name="session">One that was made, or what to make one with; null for the default, and without one for the admin profile.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LoggerCmsException">InvalidConnection for one that was closed; otherwise as <see cref="ICmsTools.ConnectAsync"/>.</exception>
    public static async Task<ICmsClient> ClientAsync(CmsSession? session, CancellationToken cancellationToken)
    {
        session ??= Default ?? new CmsSession();
        if (session.Id != Guid.Empty)
        {
            lock (Gate)
            {
                return s_open.TryGetValue(session.Id, out var one) ? one.Client : throw new LoggerCmsException(
                    ErrorCodes.InvalidConnection, $"The connection to {session} is not open in this shell.", "Connect-Cms -PassThru makes one.");
            }
        }

        var key = $"{session.Profile}|{session.Endpoint}";
        lock (Gate)
        {
            if (s_byProfile.TryGetValue(key, out var known) && Stopwatch.GetElapsedTime(known.Used) < Keep)
            {
                s_byProfile[key] = (known.Client, Stopwatch.GetTimestamp());
                return known.Client;
            }
        }

        // What was kept before is left to whoever still uses it; it closes its connections when they are idle.
        var connection = new CmsConnection { Profile = session.Profile, Endpoint = session.Endpoint.Length > 0 ? new Uri(session.Endpoint) : null };
        var client = await EngineHost.GetCmsTools().ConnectAsync(connection, cancellationToken).ConfigureAwait(false);
        lock (Gate)
            s_byProfile[key] = (client, Stopwatch.GetTimestamp());
        return client;
    }
}
