using LoggerCms.Core.Auditing;
using Npgsql;
using NpgsqlTypes;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>An audit database on PostgreSQL.</summary>
internal sealed class PgAuditDatabase : IAuditDatabase
{
    private const long MakeLock = (0x4C69L << 48) + 1;

    private const string Create =
        """
        CREATE TABLE public.audit_event (
          id uuid PRIMARY KEY, time_us bigint NOT NULL, source text NOT NULL, principal_id bigint NOT NULL, principal_name text NOT NULL,
          action text NOT NULL, object_id bigint NOT NULL, object_name text NOT NULL, object_kind text NOT NULL, path text NOT NULL,
          result smallint NOT NULL, detail text NOT NULL, client_address text NOT NULL);
        CREATE INDEX audit_event_time ON public.audit_event (time_us, id);
        CREATE INDEX audit_event_object ON public.audit_event (object_id, time_us);
        CREATE TABLE public.loggercms_audit (one integer PRIMARY KEY CHECK (one = 1), format integer NOT NULL);
        INSERT INTO public.loggercms_audit VALUES (1, 1);
        """;

    private static readonly AuditDialect Dialect = new(
        "$", "public.audit_event", (column, text) => $"lower({column}) = lower({text})", (column, pattern) => $"{column} ILIKE {pattern}", id => id);

    private readonly NpgsqlDataSource _source;
    private readonly PgSessionKeeper _session;
    private readonly PgSessionKeeper _reader;

    public PgAuditDatabase(SideConnection connection)
    {
        var settings = PgConnectionString.Build(connection);
        Name = connection.Name ?? settings.Database ?? settings.Host!;
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).ConfigureTypeLoading(o => o.EnableTypeLoading(false)).Build();
        _session = new PgSessionKeeper(token => PgSession.OpenWriterAsync(_source, Name, token));
        _reader = new PgSessionKeeper(token => PgSession.OpenAsync(_source, Name, token));
    }

    public string Name { get; }

    public Task PrepareAsync(CancellationToken cancellationToken)
        => WriteAsync(
            async session =>
            {
                await session.ExecuteAsync($"SELECT pg_advisory_xact_lock({MakeLock})", cancellationToken).ConfigureAwait(false);
                return await IsReadyAsync(session, cancellationToken).ConfigureAwait(false)
                    ? 0
                    : await session.ExecuteAsync(Create, cancellationToken).ConfigureAwait(false);
            },
            cancellationToken);

    public Task InsertAsync(IReadOnlyList<AuditEvent> events, CancellationToken cancellationToken)
        => WriteAsync(
            async session =>
            {
                await CheckAsync(session, cancellationToken).ConfigureAwait(false);
                return await session.ExecuteAsync(
                    $"""
                    INSERT INTO public.audit_event ({AuditSql.Columns})
                    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING
                    """,
                    cancellationToken,
                    Array(NpgsqlDbType.Uuid, e => e.Id),
                    Array(NpgsqlDbType.Bigint, e => e.TimeUs),
                    Array(NpgsqlDbType.Text, e => e.Source),
                    Array(NpgsqlDbType.Bigint, e => e.PrincipalId),
                    Array(NpgsqlDbType.Text, e => e.PrincipalName),
                    Array(NpgsqlDbType.Text, e => e.Action),
                    Array(NpgsqlDbType.Bigint, e => e.ObjectId),
                    Array(NpgsqlDbType.Text, e => e.ObjectName),
                    Array(NpgsqlDbType.Text, e => e.ObjectKind),
                    Array(NpgsqlDbType.Text, e => e.Path),
                    Array(NpgsqlDbType.Smallint, e => (short)e.Result),
                    Array(NpgsqlDbType.Text, e => e.Detail),
                    Array(NpgsqlDbType.Text, e => e.ClientAddress)).ConfigureAwait(false);

                NpgsqlParameter Array<T>(NpgsqlDbType type, Func<AuditEvent, T> get)
                    => new() { Value = events.Select(get).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type };
            },
            cancellationToken);

    public Task LookAsync(CancellationToken cancellationToken)
        => _session.UseAsync(
            async session =>
            {
                await CheckAsync(session, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);

    public async Task<IReadOnlyList<AuditEvent>> QueryAsync(AuditFilter filter, CancellationToken cancellationToken)
    {
        var sql = AuditSql.Select(filter, Dialect, out var parameters);
        return await _reader.UseAsync(
            async session =>
            {
                await CheckAsync(session, cancellationToken).ConfigureAwait(false);
                return await session.QueryAsync(sql, Read, cancellationToken, [.. parameters]).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    public Task<long> PurgeAsync(long beforeUs, CancellationToken cancellationToken)
        => WriteAsync(
            async session =>
            {
                await CheckAsync(session, cancellationToken).ConfigureAwait(false);
                return await session.ExecuteAsync("DELETE FROM public.audit_event WHERE time_us < $1", cancellationToken, beforeUs).ConfigureAwait(false);
            },
            cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync().ConfigureAwait(false);
        await _reader.DisposeAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
    }

    private static AuditEvent Read(NpgsqlDataReader r) => AuditSql.Read(r.GetGuid(0), r);

    private async Task CheckAsync(PgSession session, CancellationToken cancellationToken)
    {
        if (!await IsReadyAsync(session, cancellationToken).ConfigureAwait(false))
            throw AuditSql.NotPrepared(Name);
    }

    private async Task<bool> IsReadyAsync(PgSession session, CancellationToken cancellationToken)
    {
        if (!await session.ScalarAsync<bool>("SELECT to_regclass('public.loggercms_audit') IS NOT NULL", cancellationToken).ConfigureAwait(false))
            return false;
        var format = await session.ScalarAsync<int>("SELECT format FROM public.loggercms_audit", cancellationToken).ConfigureAwait(false);
        return format == AuditSql.Format ? true : throw AuditSql.UnknownFormat(Name, format);
    }

    private Task<long> WriteAsync(Func<PgSession, Task<long>> work, CancellationToken cancellationToken)
        => _session.UseAsync(
            async session =>
            {
                await session.ExecuteAsync("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE", cancellationToken).ConfigureAwait(false);
                var result = await work(session).ConfigureAwait(false);
                await session.CommitAsync(cancellationToken).ConfigureAwait(false);
                return result;
            },
            cancellationToken);
}
