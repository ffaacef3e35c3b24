using System.Globalization;
using LoggerCms.Core.RunTimeImage;
using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>A system database on PostgreSQL: one connection for what writes, one for what reads, and some for a load.</summary>
internal sealed class PgSystemDatabase : ISystemDatabase
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(10);

    private readonly NpgsqlDataSource _source;
    private readonly string _lockTimeout;
    private readonly PgSessionKeeper _writer;
    private readonly PgSessionKeeper _reader;
    private Tenure? _tenure;

    /// <param name="connection">Where the database is.</param>
    /// <param name="patience">How long a write waits for a lock.</param>
    public PgSystemDatabase(SideConnection connection, TimeSpan? patience = null)
    {
        var settings = PgConnectionString.Build(connection);
        Name = connection.Name ?? settings.Database ?? settings.Host!;
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).ConfigureTypeLoading(o => o.EnableTypeLoading(false)).Build();
        _lockTimeout = string.Create(CultureInfo.InvariantCulture, $"SET lock_timeout = {(long)(patience ?? DefaultPatience).TotalMilliseconds}");
        _writer = new PgSessionKeeper(token => OpenAsync(PgSession.OpenWriterAsync, token));
        _reader = new PgSessionKeeper(OpenReaderAsync);
    }

    public string Name { get; }

    public Task PrepareAsync(CancellationToken cancellationToken)
        => WriteAsync(
            async session =>
            {
                await PgSystemTables.MakeAsync(session, cancellationToken).ConfigureAwait(false);
                await PgSystemTables.CheckAsync(session, Name, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    public async Task<SystemDatabaseState> ReadStateAsync(CancellationToken cancellationToken)
    {
        var state = await _reader.UseAsync(
            async session =>
            {
                await session.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", cancellationToken).ConfigureAwait(false);
                var read = await PgSystemTables.ReadStateAsync(session, Name, cancellationToken).ConfigureAwait(false);
                await session.ExecuteAsync("ROLLBACK", cancellationToken).ConfigureAwait(false);
                return read;
            },
            cancellationToken).ConfigureAwait(false);
        _tenure = _tenure?.Seen(state);
        return state;
    }

    public async Task<Lease> TakeLeaseAsync(Guid nodeId, string nodeName, bool takeOver, long usedEpoch, CancellationToken cancellationToken)
    {
        (var lease, _tenure) = await WriteAsync(
            session => PgSystemTables.TakeLeaseAsync(session, Name, nodeId, nodeName, takeOver, usedEpoch, cancellationToken), cancellationToken).ConfigureAwait(false);
        return lease;
    }

    public Task ReleaseLeaseAsync(long epoch, CancellationToken cancellationToken)
        => WriteAsync(
            async session =>
            {
                await PgSystemTables.CheckAsync(session, Name, cancellationToken).ConfigureAwait(false);
                await PgSystemTables.ReleaseLeaseAsync(session, Tenure.Of(_tenure, epoch), cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    public Task ReserveAsync(long epoch, long objectIdEnd, long updateKeyEnd, CancellationToken cancellationToken)
        => WriteAsync(
            async session =>
            {
                await PgSystemTables.HoldEpochAsync(session, Name, Tenure.Of(_tenure, epoch), cancellationToken).ConfigureAwait(false);
                return await session.ExecuteAsync(
                    "UPDATE public.loggercms_system SET object_id_end = greatest(object_id_end, $1), update_key_end = greatest(update_key_end, $2)",
                    cancellationToken, objectIdEnd, updateKeyEnd).ConfigureAwait(false);
            },
            cancellationToken);

    public Task LoadAsync(Action<CmsObject> onObject, CancellationToken cancellationToken)
        => PgObjectLoad.RunAsync(OpenReaderAsync, Name, onObject, cancellationToken);

    public Task<CmsObject?> FindAsync(long id, CancellationToken cancellationToken)
    {
        const string Find = $"SELECT {SystemTables.ObjectColumns} FROM public.cms_object WHERE id = $1";

        // Of another system there is nothing to find, whatever has the same id there.
        const string FindOurs = $"{Find} AND EXISTS (SELECT FROM public.loggercms_system WHERE identity = $2)";
        return _reader.UseAsync(
            async session => (await (_tenure is { } tenure
                ? session.QueryAsync(FindOurs, SystemTables.Read, cancellationToken, id, tenure.Identity)
                : session.QueryAsync(Find, SystemTables.Read, cancellationToken, id)).ConfigureAwait(false)).FirstOrDefault(),
            cancellationToken);
    }

    public async Task FlushAsync(FlushBatch batch, CancellationToken cancellationToken)
    {
        var tenure = Tenure.Of(_tenure, batch.Epoch);
        await WriteAsync(
            async session =>
            {
                await PgSystemFlush.WriteAsync(session, Name, tenure, batch, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        _tenure = tenure.Committed(batch.LastUpdateKey);
    }

    public async Task ReplaceAsync(SystemContent content, CancellationToken cancellationToken)
    {
        var tenure = Tenure.Of(_tenure, content.Epoch);
        await WriteAsync(
            async session =>
            {
                await PgSystemFlush.ReplaceAsync(session, Name, tenure, content, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
        _tenure = tenure.Committed(content.LastUpdateKey) with { Identity = content.Identity };
    }

    public Task LoadLocalAsync(LocalClass localClass, Action<LocalEntry> onEntry, CancellationToken cancellationToken)
        => _reader.UseAsync(
            async session => await session.QueryAsync(
                $"SELECT id, expires_us, content FROM public.{SystemTables.Of(localClass)}",
                r =>
                {
                    onEntry(new LocalEntry(new LocalKey(localClass, r.GetGuid(0)), r.GetInt64(1), r.GetFieldValue<byte[]>(2)));
                    return true;
                },
                cancellationToken).ConfigureAwait(false),
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _reader.DisposeAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private Task<PgSession> OpenReaderAsync(CancellationToken cancellationToken) => OpenAsync(PgSession.OpenAsync, cancellationToken);

    private async Task<PgSession> OpenAsync(Func<NpgsqlDataSource, string, CancellationToken, Task<PgSession>> open, CancellationToken cancellationToken)
    {
        var session = await open(_source, Name, cancellationToken).ConfigureAwait(false);
        try
        {
            await session.ExecuteAsync(_lockTimeout, cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>One transaction. Any failure closes the connection, which rolls back what is open on it.</summary>
    private Task<T> WriteAsync<T>(Func<PgSession, Task<T>> work, CancellationToken cancellationToken)
        => _writer.UseAsync(
            async session =>
            {
                await session.ExecuteAsync("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", cancellationToken).ConfigureAwait(false);
                var result = await work(session).ConfigureAwait(false);
                try
                {
                    await session.CommitAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (LoggerCmsException e) when (e.Code == ErrorCodes.OutcomeUnknown)
                {
                    throw SystemTables.OutcomeUnknown(Name, e);
                }

                return result;
            },
            cancellationToken);
}
