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
    private bool _isClosed;

    public CmsSession Session { get; private set; } = session;

    public SharedClient Client { get; private set; } = client;

    public bool IsHandedOut { get; set; } = isHandedOut;

    /// <summary>Held by the one that follows the profile, while others wait for what it finds.</summary>
    public SemaphoreSlim Following { get; } = new(1);

    public bool FollowsProfile => followsProfile;

    /// <summary>Its client, in use until it is released; null where the connection was closed.</summary>
    public SharedClient? Use()
    {
        lock (_gate)
            return Client.TryUse() ? Client : null;
    }

    /// <summary>Whether no node was reached at that address of the profile yet.</summary>
    public bool IsNews(string endpoint)
    {
        lock (_gate)
            return endpoint != _lastSeen;
    }

    /// <summary>A node was reached at that address of the profile.</summary>
    public void Saw(string endpoint)
    {
        lock (_gate)
            _lastSeen = endpoint;
    }

    /// <summary>Closes its client, and what it would move to later.</summary>
    public Task CloseAsync(CancellationToken cancellationToken)
    {
        SharedClient last;
        lock (_gate)
            (_isClosed, last) = (true, Client);
        return last.CloseAsync(cancellationToken);
    }

    /// <returns>The client that is to be closed: the one before, or the one moved to, where the connection was closed.</returns>
    public SharedClient MoveTo(SharedClient moved, string endpoint)
    {
        lock (_gate)
        {
            if (_isClosed)
                return moved;
            var before = Client;
            (Client, Session) = (moved, Session with { Endpoint = endpoint });
            return before;
        }
    }
}
