namespace LoggerCms.PowerShell.Cms;

/// <summary>A client that commands of several runspaces may use at once: whoever closes it while they do leaves its end to the last of them.</summary>
internal sealed class SharedClient(ICmsClient client)
{
    private static readonly TimeSpan LogOffTime = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private int _users;
    private bool _isClosed;

    public ICmsClient Client => client;

    /// <returns>False where it was closed.</returns>
    public bool TryUse()
    {
        lock (_gate)
        {
            if (!_isClosed)
                _users++;
            return !_isClosed;
        }
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_users > 0 || !_isClosed)
                return;
        }

        // Nobody waits for it: the command that had it last has what it wanted.
        _ = Task.Run(() => EndAsync(CancellationToken.None));
    }

    /// <summary>Ends it, at once where nobody uses it.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var isFirst = !_isClosed;
            _isClosed = true;
            if (!isFirst || _users > 0)
                return;
        }

        await EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
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
    }
}
