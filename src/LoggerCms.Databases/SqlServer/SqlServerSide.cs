using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>An open SQL Server side. Its own connection serves short statements; snapshots, transactions and locks have one each.</summary>
internal sealed class SqlServerSide : ISide
{
    private readonly SqlServerAddress _address;
    private readonly SqlServerSession _session;
    private readonly SqlServerFacts _facts;
    private readonly SqlServerLog _log;

    private SqlServerSide(SideConnection connection, SqlServerAddress address, SqlServerSession session, SqlServerFacts facts)
    {
        Connection = connection;
        _address = address;
        _session = session;
        _facts = facts;
        _log = new SqlServerLog(address, facts, session);
    }

    public SideConnection Connection { get; }

    public SideProvider Provider => SideProvider.SqlServer;

    public string DisplayName => _address.Side;

    public string Database => _facts.Database;

    // The server's own name, so that two addresses of it count as one; the date tells servers apart that were left with the name they were made with.
    public string Identity => FormattableString.Invariant($"sqlserver:{_facts.Server}/{_facts.Database}@{_facts.Created:yyyy-MM-ddTHH:mm:ss.fff}");

    public ISideLog Log => _log;

    public static async Task<SqlServerSide> OpenAsync(SideConnection connection, CancellationToken cancellationToken)
    {
        var address = new SqlServerAddress(connection);
        var session = await SqlServerSession.OpenAsync(address, cancellationToken).ConfigureAwait(false);
        try
        {
            var facts = await SqlServerFacts.ReadAsync(session, cancellationToken).ConfigureAwait(false);
            return new SqlServerSide(connection, address, session, facts);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<ISideSnapshot> BeginSnapshotAsync(SnapshotOptions options, CancellationToken cancellationToken)
    {
        await _log.RenewIfRestoredAsync(cancellationToken).ConfigureAwait(false);
        return await SqlServerSnapshot.BeginAsync(_address, _facts, options, cancellationToken).ConfigureAwait(false);
    }

    public async Task<ISideTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        await _log.RenewIfRestoredAsync(cancellationToken).ConfigureAwait(false);
        return await SqlServerTransaction.BeginAsync(_address, _facts, tables, lockTimeout, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IAsyncDisposable?> TryLockTransfersAsync(Guid transferId, CancellationToken cancellationToken)
    {
        // The lock belongs to its connection, and so ends with the process at the latest.
        var session = await SqlServerSession.OpenAsync(_address, cancellationToken).ConfigureAwait(false);
        try
        {
            var result = await session.ScalarAsync(
                "DECLARE @result int; EXEC @result = sp_getapplock @Resource = N'" + SqlServerNames.TransferLock
                + "', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0; SELECT @result",
                "locking other transfers out",
                cancellationToken).ConfigureAwait(false);
            if (result is int and >= 0)
                return session;
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
        return await HasTableAsync("loggercms_transfer", What, cancellationToken).ConfigureAwait(false)
            && await _session.ScalarAsync(
                $"SELECT 1 FROM {SqlServerNames.Transfer} WHERE id = @id", What, cancellationToken, ("@id", transferId.ToString())).ConfigureAwait(false)
                is not null;
    }

    public async Task<long?> GetFreeBytesAsync(CancellationToken cancellationToken)
    {
        if (_facts.Dialect.IsBabelfish)
            return null;
        try
        {
            return (long?)await _session.ScalarAsync(
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
            && await _session.ScalarAsync(
                $"SELECT TOP (1) 1 FROM {SqlServerNames.Lease} WHERE expires_us > {SqlServerNames.NowMicroseconds}", What, cancellationToken)
                .ConfigureAwait(false) is not null;
    }

    public string GetCreateTable(TableSchema table, SideProvider madeFor) => SqlServerDdl.CreateTable(table, madeFor, DisplayName);

    public IValueFit? GetValueFit(TableSchema source, TableSchema destination) => SqlServerValueFit.For(source, destination, _facts.Dialect);

    public ValueTask DisposeAsync() => _session.DisposeAsync();

    private async Task<bool> HasTableAsync(string name, string what, CancellationToken cancellationToken)
        => await _session.ScalarAsync($"SELECT OBJECT_ID(N'dbo.{name}', N'U')", what, cancellationToken).ConfigureAwait(false) is not null;
}
