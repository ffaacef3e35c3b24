using System.Data;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// A database that a node works on for itself: its sessions, and what every read and every write over them has in common. What fails closes its
/// connection, which rolls back what is open on it; the next call connects again.
/// </summary>
internal sealed class SqlServerStore : IAsyncDisposable
{
    private const string SettingUp = "setting the session up";
    private const int MostReaders = 4;

    private readonly SqlServerSessions _sessions;
    private readonly SemaphoreSlim _readers = new(MostReaders, MostReaders);
    private readonly int _patienceMilliseconds;
    private SqlServerFacts? _facts;

    /// <param name="connection">Where the database is.</param>
    /// <param name="patience">How long a statement waits for a lock.</param>
    public SqlServerStore(SideConnection connection, TimeSpan patience)
    {
        _sessions = new SqlServerSessions(new SqlServerAddress(connection));

        // Zero would mean "for ever" to Babelfish.
        _patienceMilliseconds = (int)Math.Clamp(patience.TotalMilliseconds, 1, int.MaxValue);
    }

    public string Name => _sessions.Address.Side;

    /// <summary>One transaction, committed when the work is done.</summary>
    public Task<T> WriteAsync<T>(Func<SqlServerSession, SqlServerFacts, Task<T>> work, CancellationToken cancellationToken)
        => UseAsync(
            async (session, facts) =>
            {
                // An error ends the transaction at once, not only when the connection is closed.
                await session.ExecuteAsync("SET XACT_ABORT ON", SettingUp, cancellationToken).ConfigureAwait(false);
                await session.BeginAsync(IsolationLevel.ReadCommitted, cancellationToken).ConfigureAwait(false);
                var result = await work(session, facts).ConfigureAwait(false);
                try
                {
                    await session.CommitAsync().ConfigureAwait(false);
                }
                catch (LoggerCmsException e) when (e.Code == ErrorCodes.OutcomeUnknown)
                {
                    throw SystemTables.OutcomeUnknown(Name, e);
                }

                return result;
            },
            cancellationToken);

    /// <summary>
    /// Statements under one view: a snapshot, which no writer holds up, or where the database allows none, repeatable reads, which wait for writers.
    /// </summary>
    public async Task<T> ReadAsync<T>(Func<SqlServerSession, SqlServerFacts, Task<T>> work, CancellationToken cancellationToken)
    {
        await _readers.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await UseAsync(
                async (session, facts) =>
                {
                    await session.BeginAsync(facts.AllowsSnapshot ? IsolationLevel.Snapshot : IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
                    return await work(session, facts).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _readers.Release();
        }
    }

    /// <summary>Waits until nobody else makes tables here; until the transaction's end.</summary>
    public async Task LockMakingAsync(SqlServerSession session, CancellationToken cancellationToken)
    {
        // Babelfish keeps the locks of all its databases together.
        var result = await session.ScalarAsync(
            "DECLARE @result int, @name nvarchar(255); SET @name = N'loggercms_make ' + DB_NAME(); "
            + "EXEC @result = sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = @timeout; SELECT @result",
            "waiting for others that make tables",
            cancellationToken,
            ("@timeout", _patienceMilliseconds)).ConfigureAwait(false);
        if (result is not (int and >= 0))
        {
            throw new LoggerCmsException(
                ErrorCodes.DestinationInUse, $"Somebody else has been making the tables of '{Name}' for too long.", "Try again; sys.dm_tran_locks shows who.", Name);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync().ConfigureAwait(false);
        _readers.Dispose();
    }

    private async Task<T> UseAsync<T>(Func<SqlServerSession, SqlServerFacts, Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            var session = await _sessions.LendAsync(cancellationToken).ConfigureAwait(false);
            await using (session.ConfigureAwait(false))
            {
                _facts ??= await SqlServerFacts.ReadAsync(session, cancellationToken).ConfigureAwait(false);
                await session.ExecuteAsync($"SET LOCK_TIMEOUT {_patienceMilliseconds}", SettingUp, cancellationToken).ConfigureAwait(false);
                return await work(session, _facts).ConfigureAwait(false);
            }
        }
        catch (LoggerCmsException e) when (e.Code is ErrorCodes.ConnectionLost or ErrorCodes.OutcomeUnknown)
        {
            await _sessions.CloseIdleAsync().ConfigureAwait(false);
            throw;
        }
    }
}
