using LoggerCms.Core.Sides;
using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>An open PostgreSQL database. Connections are made as they are needed and never pooled.</summary>
internal sealed class PgSide : ISide
{
    private const int OldestVersion = 140000;

    /// <summary>The advisory lock that transfers into one database exclude each other by; the log's own are its neighbours.</summary>
    private const long TransferLock = 0x4C65L << 48;

    private readonly NpgsqlDataSource _source;
    private readonly PgSession _session;
    private readonly PgIdentity _identity;

    private PgSide(SideConnection connection, NpgsqlDataSource source, PgSession session, string database, PgIdentity identity)
    {
        Connection = connection;
        _source = source;
        _session = session;
        Database = database;
        _identity = identity;
        Log = new PgLog(OpenSessionAsync);
    }

    public SideConnection Connection { get; }

    public SideProvider Provider => SideProvider.PostgreSql;

    public string DisplayName => Connection.Name ?? Database;

    public string Database { get; }

    public string Identity => _identity.Kept;

    public ISideLog Log { get; }

    public static async Task<PgSide> OpenAsync(SideConnection connection, CancellationToken cancellationToken)
    {
        var settings = PgConnectionString.Build(connection);
        var name = connection.Name ?? settings.Database ?? settings.Host!;

        // Only built-in types pass through the library, so the server's types need not be read on every connect.
        var source = new NpgsqlDataSourceBuilder(settings.ConnectionString).ConfigureTypeLoading(o => o.EnableTypeLoading(false)).Build();
        PgSession? session = null;
        try
        {
            session = await PgSession.OpenAsync(source, name, cancellationToken).ConfigureAwait(false);
            var version = await session.ScalarAsync<int>("SELECT current_setting('server_version_num')::int", cancellationToken).ConfigureAwait(false);
            if (version < OldestVersion)
            {
                throw new LoggerCmsException(
                    ErrorCodes.FormatNotSupported, $"The server is PostgreSQL {version / 10000}; this driver needs 14 or later.",
                    "Upgrade the server.", name);
            }

            var database = await session.ScalarAsync<string>("SELECT current_database()::text", cancellationToken).ConfigureAwait(false);
            var identity = await PgIdentity.ReadAsync(session, cancellationToken).ConfigureAwait(false);
            return new PgSide(connection, source, session, database!, identity);
        }
        catch
        {
            if (session is not null)
                await session.DisposeAsync().ConfigureAwait(false);
            await source.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public bool IsSameDatabase(ISide other) => other is PgSide side && side._identity == _identity;

    public async Task<ISideSnapshot> BeginSnapshotAsync(SnapshotOptions options, CancellationToken cancellationToken)
        => await PgSnapshot.BeginAsync(OpenSessionAsync, options, cancellationToken).ConfigureAwait(false);

    public async Task<ISideTransaction> BeginTransactionAsync(
        IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        var session = await OpenSessionAsync(cancellationToken).ConfigureAwait(false);
        return await PgTransaction.BeginAsync(session, tables, lockTimeout, cancellationToken).ConfigureAwait(false);
    }

    public async Task<IAsyncDisposable?> TryLockTransfersAsync(Guid transferId, CancellationToken cancellationToken)
    {
        var session = await OpenSessionAsync(cancellationToken).ConfigureAwait(false);
        var had = false;
        try
        {
            had = await session.ScalarAsync<bool>($"SELECT pg_try_advisory_lock({TransferLock})", cancellationToken).ConfigureAwait(false);
            return had ? session : null;
        }
        finally
        {
            if (!had)
                await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async Task<bool> HasTransferAsync(Guid transferId, CancellationToken cancellationToken)
        => await PgTransfers.HasAsync(_session, transferId, cancellationToken).ConfigureAwait(false);

    public Task<long> CountTransfersAsync(CancellationToken cancellationToken) => PgTransfers.CountAsync(_session, cancellationToken);

    public Task<long?> GetFreeBytesAsync(CancellationToken cancellationToken) => Task.FromResult<long?>(null);

    public async Task<bool> IsInServiceAsync(CancellationToken cancellationToken)
        => await _session.ScalarAsync<bool>("SELECT to_regclass('public.loggercms_lease') IS NOT NULL", cancellationToken).ConfigureAwait(false)
            && await _session.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM public.loggercms_lease WHERE expires_us > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)",
                cancellationToken).ConfigureAwait(false);

    public string GetCreateTable(TableSchema table, SideProvider madeFor) => PgDdl.Create(table, madeFor, DisplayName);

    public IValueFit? GetValueFit(TableSchema source, TableSchema destination) => PgValueFit.For(source, destination);

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private Task<PgSession> OpenSessionAsync(CancellationToken cancellationToken)
        => PgSession.OpenAsync(_source, DisplayName, cancellationToken);
}
