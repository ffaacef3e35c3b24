namespace LoggerCms.Databases.PostgreSql;

/// <summary>One session that is kept between calls, made when first needed and made again after a failure. Calls wait for each other.</summary>
internal sealed class PgSessionKeeper(Func<CancellationToken, Task<PgSession>> open) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private PgSession? _session;
    private bool _disposed;

    public async Task<T> UseAsync<T>(Func<PgSession, Task<T>> work, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_session is { IsUsable: false })
                await CloseAsync().ConfigureAwait(false);
            _session ??= await open(cancellationToken).ConfigureAwait(false);
            return await work(_session).ConfigureAwait(false);
        }
        catch
        {
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        _disposed = true;
        await CloseAsync().ConfigureAwait(false);
        _gate.Release();
    }

    private async Task CloseAsync()
    {
        if (_session is not { } session)
            return;
        _session = null;
        await session.DisposeAsync().ConfigureAwait(false);
    }
}
