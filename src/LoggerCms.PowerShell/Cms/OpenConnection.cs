namespace LoggerCms.PowerShell.Cms;

/// <summary>A connection that Connect-Cms made.</summary>
/// <param name="session">What the shell sees of it.</param>
/// <param name="client">Its client.</param>
/// <param name="isHandedOut">Whoever has it closes it.</param>
/// <param name="followsProfile">Address and token are the profile's, which may name another address later.</param>
internal sealed class OpenConnection(CmsSession session, SharedClient client, bool isHandedOut, bool followsProfile)
{
    private readonly Lock _gate = new();
    private string _lastSeen = session.Endpoint;

    public CmsSession Session { get; private set; } = session;

    public SharedClient Client { get; private set; } = client;

    public bool IsHandedOut => isHandedOut;

    public bool FollowsProfile => followsProfile;

    /// <summary>Its client, in use until it is released; null where the connection was closed.</summary>
    public SharedClient? Use()
    {
        lock (_gate)
            return Client.TryUse() ? Client : null;
    }

    /// <summary>Whether the profile has not had that address when it was looked at last.</summary>
    public bool IsNews(string endpoint)
    {
        lock (_gate)
        {
            var isNews = endpoint != _lastSeen;
            _lastSeen = endpoint;
            return isNews;
        }
    }

    /// <returns>The client before.</returns>
    public SharedClient MoveTo(SharedClient moved, string endpoint)
    {
        lock (_gate)
        {
            var before = Client;
            (Client, Session) = (moved, Session with { Endpoint = endpoint });
            return before;
        }
    }
}
