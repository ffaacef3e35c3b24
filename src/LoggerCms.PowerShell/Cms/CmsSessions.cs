using System.Diagnostics;
using System.Runtime.CompilerServices;
using LoggerCms.PowerShell.Engine;

namespace LoggerCms.PowerShell.Cms;

/// <summary>The connections of this process.</summary>
internal static class CmsSessions
{
    // A node may come back under another address, which its profile then names: a connection by profile is kept for a loop, not for a day.
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(10);

    private static readonly Lock Gate = new();
    private static readonly Dictionary<Guid, OpenConnection> s_open = [];
    private static readonly ConditionalWeakTable<CmsSession, CmsConnection> s_tried = [];
    private static readonly Dictionary<string, (ICmsClient Client, long Made)> s_byProfile = new(StringComparer.Ordinal);

    public static IReadOnlyList<CmsSession> Open()
    {
        lock (Gate)
            return [.. s_open.Values.Select(one => one.Session)];
    }

    public static bool IsOpen(Guid id)
    {
        lock (Gate)
            return s_open.ContainsKey(id);
    }

    /// <summary>Makes a connection.</summary>
    /// <param name="connection">How.</param>
    /// <param name="isHandedOut">Whoever has it closes it; otherwise it is closed when it is nobody's default any more.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<CmsSession> ConnectAsync(CmsConnection connection, bool isHandedOut, CancellationToken cancellationToken)
    {
        var (client, node) = await ReachAsync(connection, cancellationToken).ConfigureAwait(false);
        var isByProfile = connection is { Token: null, Credential: null, CaCertificatePem: null };
        var session = new CmsSession
        {
            Id = Guid.NewGuid(),
            Endpoint = client.Endpoint,
            Node = node.Name,
            Side = node.Side,
            SystemId = node.SystemId,
            Profile = connection.Profile,
            User = connection.Credential?.UserName,
            IsByProfile = isByProfile,
        };
        lock (Gate)
            s_open[session.Id] = new OpenConnection(session, new SharedClient(client), isHandedOut, isByProfile && connection.Endpoint is null);
        return session;
    }

    /// <summary>Closes a connection; one that logged on logs off, as far as the node can be asked, and when the commands that use it have ended.</summary>
    /// <returns>False where it is not open here.</returns>
    public static async Task<bool> CloseAsync(Guid id, CancellationToken cancellationToken)
    {
        OpenConnection? one;
        lock (Gate)
            s_open.Remove(id, out one);
        if (one is null)
            return false;
        await one.CloseAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>A runspace has it as its default no more: it is closed where no other has.</summary>
    /// <param name="session">What was left.</param>
    /// <param name="isClosing">It is to be closed, even where it was handed out.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>What was left.</returns>
    public static async Task<CmsSession> LeaveAsync(CmsSession session, bool isClosing, CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            if (s_open.TryGetValue(session.Id, out var one))
            {
                // Another runspace may have it still: then that closes it when it leaves it.
                if (isClosing)
                    one.IsHandedOut = false;
                else if (one.IsHandedOut)
                    return session;
            }
        }

        if (!CmsDefaults.Has(session))
            await CloseAsync(session.Id, cancellationToken).ConfigureAwait(false);
        return session;
    }

    /// <summary>
    /// The runspace's own connection, where it is to the node of that name; without one, or where it is by a profile and was closed, what makes one by the
    /// profile of that name. One that was handed out may be another user's, or to another system's node of the name: whoever has it gives it.
    /// </summary>
    public static CmsSession Named(string node)
    {
        var own = CmsDefaults.Current;
        lock (Gate)
            return own?.Node != node || (own.IsByProfile && !s_open.ContainsKey(own.Id)) ? new CmsSession { Profile = node } : own;
    }

    /// <summary>
    /// A node was started: connections to the address that it had before are dead. Those by profile find the new one; those of a user end, and stay
    /// the default of their runspaces, which would otherwise go on as the profile's administrator.
    /// </summary>
    public static void Started(CmsNodeInfo node)
    {
        List<OpenConnection> dead;
        lock (Gate)
        {
            dead = [.. s_open.Values.Where(one => !one.FollowsProfile && one.Session.Node == node.Name && one.Session.SystemId == node.SystemId && one.Session.Endpoint != node.Endpoint)];
            dead.ForEach(one => s_open.Remove(one.Session.Id));
        }

        dead.ForEach(one => _ = Task.Run(() => one.CloseAsync(CancellationToken.None)));
        Stopped();
    }

    /// <summary>A node was stopped: connections by profile are made anew.</summary>
    public static void Stopped()
    {
        lock (Gate)
            s_byProfile.Clear();
    }

    /// <param name="session">One that was made, or what to make one with; an empty one for the admin profile.</param>
    public static CmsLease Begin(CmsSession session)
    {
        lock (Gate)
            return new CmsLease(session, s_open.GetValueOrDefault(session.Id));
    }

    public static async Task<ICmsClient> ByProfileAsync(CmsSession session, CancellationToken cancellationToken)
    {
        var now = session.Endpoint.Length > 0 ? session.Endpoint : EngineHost.GetCmsTools().FindEndpoint(session.Profile)?.AbsoluteUri;
        lock (Gate)
        {
            if (s_byProfile.TryGetValue(Key(session), out var known) && Stopwatch.GetElapsedTime(known.Made) < Keep && known.Client.Endpoint == now)
                return known.Client;
        }

        // What was kept before is left to whoever still uses it; it closes its connections when they are idle.
        var connection = new CmsConnection { Profile = session.Profile, Endpoint = session.Endpoint.Length > 0 ? new Uri(session.Endpoint) : null };
        var client = session.SystemId == Guid.Empty
            ? await EngineHost.GetCmsTools().ConnectAsync(connection, cancellationToken).ConfigureAwait(false)
            : await ReachSameAsync(session, connection, cancellationToken).ConfigureAwait(false);
        lock (Gate)
            s_byProfile[Key(session)] = (client, Stopwatch.GetTimestamp());
        return client;
    }

    /// <summary>The connection by profile leads nowhere any more.</summary>
    public static void Forget(CmsSession session)
    {
        lock (Gate)
            s_byProfile.Remove(Key(session));
    }

    private static string Key(CmsSession session) => $"{session.Profile}|{session.Endpoint}|{session.SystemId}";

    // A shell's connection that came along from another process: here a profile of that name may lead to another system.
    private static async Task<ICmsClient> ReachSameAsync(CmsSession session, CmsConnection connection, CancellationToken cancellationToken)
    {
        var (client, node) = await ReachAsync(connection, cancellationToken).ConfigureAwait(false);
        if (node.SystemId == session.SystemId)
            return client;
        client.Dispose();
        throw new LoggerCmsException(
            ErrorCodes.InvalidConnection, $"{connection} leads to another system here than the connection to {session} does where it was made.",
            "Connect-Cms here, and give -Connection what that makes.");
    }

    /// <summary>
    /// What leads to the node that a runspace is connected to, or was, or that its last Connect-Cms could not reach or log on to: a password goes to no
    /// other.
    /// </summary>
    public static async Task<CmsConnection> AgainAsync(CmsSession session, CancellationToken cancellationToken)
    {
        OpenConnection? one;
        lock (Gate)
        {
            if (!s_open.TryGetValue(session.Id, out one))
            {
                if (s_tried.TryGetValue(session, out var tried))
                    return tried;

                // One that was closed: its profile, where it was by one, has the node's address of now.
                return new CmsConnection { Profile = session.Profile, Endpoint = session is { Profile: null, Endpoint.Length: > 0 } ? new Uri(session.Endpoint) : null };
            }
        }

        await FollowAsync(one, cancellationToken).ConfigureAwait(false);
        var client = one.Client.Client;
        return new CmsConnection { Endpoint = new Uri(client.Endpoint), CaCertificatePem = client.CaCertificatePem };
    }

    /// <summary>Remembers the node of a Connect-Cms, in case that it fails: a password that was mistyped is given again, and to no other node.</summary>
    public static void Tried(CmsSession session, CmsConnection node) => s_tried.AddOrUpdate(session, node);

    /// <summary>
    /// The node may have been started at another address since. Where the profile leads to another node now, the address that was connected to counts.
    /// </summary>
    public static async Task FollowAsync(OpenConnection one, CancellationToken cancellationToken)
    {
        if (!one.FollowsProfile || !IsOpen(one.Session.Id) || EngineHost.GetCmsTools().FindEndpoint(one.Session.Profile)?.AbsoluteUri is not { } endpoint || !one.IsNews(endpoint))
            return;
        await one.Following.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!one.IsNews(endpoint))
                return;
            var (client, node) = await ReachAsync(new CmsConnection { Profile = one.Session.Profile }, cancellationToken).ConfigureAwait(false);
            one.Saw(endpoint);
            if (node.SystemId == one.Session.SystemId && node.Name == one.Session.Node)
                await one.MoveTo(new SharedClient(client), client.Endpoint).CloseAsync(cancellationToken).ConfigureAwait(false);
            else
                client.Dispose();
        }
        catch (LoggerCmsException)
        {
            // The command tells why it cannot go by the address that it knows.
        }
        finally
        {
            one.Following.Release();
        }
    }

    private static async Task<(ICmsClient Client, CmsNodeInfo Node)> ReachAsync(CmsConnection connection, CancellationToken cancellationToken)
    {
        var client = await EngineHost.GetCmsTools().ConnectAsync(connection, cancellationToken).ConfigureAwait(false);
        try
        {
            return (client, await client.GetNodeAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }
}
