namespace LoggerCms.PowerShell.Cms;

/// <summary>A command's use of a connection, from its beginning to its end: whoever closes it meanwhile ends it for what comes after.</summary>
/// <param name="session">What the command goes by.</param>
/// <param name="open">What is open under it; null where nothing is.</param>
internal sealed class CmsLease(CmsSession session, OpenConnection? open) : IDisposable
{
    private SharedClient? _held = open?.Use();
    private ICmsClient? _client;

    /// <summary>Whether its token is the profile's.</summary>
    public bool IsByProfile => session.Id == Guid.Empty || session.IsByProfile;

    /// <summary>The client, which is the same to the end of the command.</summary>
    /// <exception cref="LoggerCmsException">InvalidConnection for one that was closed; otherwise as <see cref="ICmsTools.ConnectAsync"/>.</exception>
    public async Task<ICmsClient> ClientAsync(CancellationToken cancellationToken)
    {
        if (_client is not null)
            return _client;
        if (session.Id == Guid.Empty)
            return _client = await CmsSessions.ByProfileAsync(session, cancellationToken).ConfigureAwait(false);
        if (open is null || _held is null)
        {
            var name = session.ToString() is { Length: > 0 } text ? text : "the node of the admin profile";
            throw new LoggerCmsException(
                ErrorCodes.InvalidConnection,
                $"The connection to {name}{(session.User is { } user ? $" as {user}" : "")} is not open in this shell: it was closed, it was made in another process, its node was started at another address, or Connect-Cms could not make it.",
                "Connect-Cms makes one, and Connect-Cms -PassThru one for -Connection; after Disconnect-Cms this shell goes by this user's admin profile.");
        }

        await CmsSessions.FollowAsync(open, cancellationToken).ConfigureAwait(false);
        if (open.Client != _held && open.Use() is { } moved)
        {
            _held.Release();
            _held = moved;
        }

        return _client = _held.Client;
    }

    public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();

    /// <summary>Tells of a failure: after one of the way to the node, the next command makes a connection by profile anew.</summary>
    public void Failed(LoggerCmsException failure)
    {
        if (session.Id == Guid.Empty
            && failure.Code is ErrorCodes.ServerUnreachable or ErrorCodes.ConnectionLost or ErrorCodes.CertificateNotTrusted or ErrorCodes.Unauthenticated)
        {
            CmsSessions.Forget(session);
        }
    }
}
