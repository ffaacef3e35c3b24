using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>An open SQL Server side. Its own connection serves short statements; snapshots, transactions and locks have one each.</summary>
internal sealed class SqlServerSide : ISide
{
    private readonly SqlServerSessions _sessions;
    private readonly SqlServerFacts _facts;
    private readonly SqlServerLog _log;

    private SqlServerSide(SideConnection connection, SqlServerSessions sessions, SqlServerFacts facts)
    {
        Connection = connection;
        _sessions = sessions;
        _facts = facts;
        _log = new SqlServerLog(sessions, facts);
    }

    public SideConnection Connection { get; }

    public SideProvider Provider => SideProvider.SqlServer;

    public string DisplayName => _sessions.Address.Side;

    public string Database => _facts.Database;

    // The server's own name, so that two addresses of it count as one; the date tells servers apart that were left with the name they were made with.
    public string Identity => FormattableString.Invariant($"sqlserver:{_facts.Server}/{_facts.Database}@{_facts.Created:yyyy-MM-ddTHH:mm:ss.fff}");

    public ISideLog Log => _log;

    public static async Task<SqlServerSide> OpenAsync(SideConnection connection, CancellationToken cancellationToken)
    {
        var sessions = new SqlServerSessions(new SqlServerAddress(connection));
        try
        {
            var session = await sessions.LendAsync(cancellationToken).ConfigureAwait(false);
            await using (session.ConfigureAwait(false))
                return new SqlServerSide(connection, sessions, await SqlServerFacts.ReadAsync(session, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            await sessions.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<ISideSnapshot> BeginSnapshotAsync(SnapshotOptions options, CancellationToken cancellationToken)
    {
        await _log.RenewIfRestoredAsync(cancellationToken).ConfigureAwait(false);
        return await SqlServerSnapshot.BeginAsync(_sessions, _facts, options, cancellationToken).ConfigureAwait(false);
    }

    public async Task<ISideTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        await _log.RenewIfRestoredAsync(cancellationToken).ConfigureAwait(false);
        return await SqlServerTransaction.BeginAsync(_sessions, _facts, tables, lockTimeout, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IAsyncDisposable?> TryLockTransfersAsync(Guid transferId, CancellationToken cancellationToken)
    {
        // Babelfish keeps the locks of all its databases together.
        var name = $"{SqlServerNames.TransferLock} {Database}";

        // The lock belongs to its connection, and so ends with the process at the latest.
        var session = await _sessions.LendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var result = await session.ScalarAsync(
                "DECLARE @result int; EXEC @result = sp_getapplock @Resource = @name, @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; "
                + "SELECT @result",
                "locking other transfers out",
                cancellationToken,
                ("@name", name)).ConfigureAwait(false);
            if (result is int and >= 0)
                return new TransferLock(session, name);
            await session.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<bool> HasTransferAsync(Guid transferId, CancellationToken cancellationToken)
    {
        const string What = "looking for a transfer's id";
        return await HasTableAsync(SystemTables.Transfer, What, cancellationToken).ConfigureAwait(false)
            && await ScalarAsync(
                $"SELECT 1 FROM {SqlServerNames.Transfer} WHERE id = @id", What, cancellationToken, ("@id", transferId.ToString())).ConfigureAwait(false)
                is not null;
    }

    public async Task<long> CountTransfersAsync(CancellationToken cancellationToken)
    {
        const string What = "counting transfers";
        return await HasTableAsync(SystemTables.Transfer, What, cancellationToken).ConfigureAwait(false)
            ? (long)(await ScalarAsync($"SELECT COUNT_BIG(*) FROM {SqlServerNames.Transfer}", What, cancellationToken).ConfigureAwait(false))!
            : 0;
    }

    public async Task<long?> GetFreeBytesAsync(CancellationToken cancellationToken)
    {
        if (_facts.Dialect.IsBabelfish)
            return null;
        try
        {
            return (long?)await ScalarAsync(
                "SELECT MIN(v.available_bytes) FROM sys.database_files f CROSS APPLY sys.dm_os_volume_stats(DB_ID(), f.file_id) v",
                "reading the free space",
                cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException error) when (error.Code is ErrorCodes.AccessDenied or ErrorCodes.DatabaseError)
        {
            // It takes VIEW SERVER STATE, which nothing else here needs.
            return null;
        }
    }

    public async Task<bool> IsInServiceAsync(CancellationToken cancellationToken)
    {
        const string What = "reading the lease";
        return await HasTableAsync("loggercms_lease", What, cancellationToken).ConfigureAwait(false)
            && await ScalarAsync(
                $"SELECT TOP (1) 1 FROM {SqlServerNames.Lease} WHERE expires_us > {SqlServerNames.NowMicroseconds}", What, cancellationToken)
                .ConfigureAwait(false) is not null;
    }

    public string GetCreateTable(TableSchema table, SideProvider madeFor) => SqlServerDdl.CreateTable(table, madeFor, DisplayName);

    public IValueFit? GetValueFit(TableSchema source, TableSchema destination) => SqlServerValueFit.For(source, destination, _facts.Dialect);

    public ValueTask DisposeAsync() => _sessions.DisposeAsync();

    private async Task<bool> HasTableAsync(string name, string what, CancellationToken cancellationToken)
        => await ScalarAsync($"SELECT OBJECT_ID(N'dbo.{name}', N'U')", what, cancellationToken).ConfigureAwait(false) is not null;

    private async Task<object?> ScalarAsync(string text, string what, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        var session = await _sessions.LendAsync(cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
            return await session.ScalarAsync(text, what, cancellationToken, parameters).ConfigureAwait(false);
    }

    private sealed class TransferLock(SqlServerSession session, string name) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await session.ExecuteAsync(
                    "EXEC sp_releaseapplock @Resource = @name, @LockOwner = 'Session'", "letting other transfers in", CancellationToken.None, ("@name", name))
                    .ConfigureAwait(false);
            }
            catch (LoggerCmsException)
            {
                // The connection is gone, and the lock with it; the session knows that it is doomed.
            }

            await session.DisposeAsync().ConfigureAwait(false);
        }
    }
}
