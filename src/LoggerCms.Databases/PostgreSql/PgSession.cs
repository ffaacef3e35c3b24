using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>One connection with its settings pinned. Everything that reaches the server goes through here, and only typed failures come out.</summary>
internal sealed class PgSession : IAsyncDisposable
{
    /// <summary>
    /// What text forms, time-outs, name look-ups and the durability of a commit would otherwise depend on the role, the database or the server's
    /// configuration. A commit that waits for standbys in one way or another goes on doing so.
    /// </summary>
    private const string Pins = """
        SELECT pg_catalog.set_config(s.name, v.value, false)
        FROM (VALUES ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'), ('TimeZone', 'UTC'), ('extra_float_digits', '3'),
            ('bytea_output', 'hex'), ('lc_monetary', 'C'), ('xmloption', 'content'), ('standard_conforming_strings', 'on'),
            ('search_path', 'pg_catalog, pg_temp'), ('row_security', 'off'), ('default_transaction_deferrable', 'off'),
            ('statement_timeout', '0'), ('lock_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
            ('idle_session_timeout', '0'), ('transaction_timeout', '0'), ('array_nulls', 'on'),
            ('transform_null_equals', 'off'), ('quote_all_identifiers', 'off'), ('synchronous_commit', 'on')) AS v(name, value)
        JOIN pg_catalog.pg_settings AS s ON pg_catalog.lower(s.name) = pg_catalog.lower(v.name)
        WHERE s.name <> 'synchronous_commit' OR s.setting = 'off'
        """;

    private readonly NpgsqlConnection _connection;
    private readonly string _side;
    private Task _commit = Task.CompletedTask;

    private PgSession(NpgsqlConnection connection, string side)
    {
        _connection = connection;
        _side = side;
    }

    /// <summary>False after the connection broke; the session is of no further use then.</summary>
    public bool IsUsable => _connection.State == System.Data.ConnectionState.Open;

    /// <summary>
    /// A session that a node writes on. The server ends it once its client has gone without a word in the middle of a transaction, whose locks
    /// would shut the node and its successor out for as long as the server's keep-alive takes, two hours by default. A node's transactions go from
    /// statement to statement without a pause.
    /// </summary>
    public static async Task<PgSession> OpenWriterAsync(NpgsqlDataSource source, string side, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(source, side, cancellationToken).ConfigureAwait(false);
        try
        {
            await session.ExecuteAsync(
                "SET idle_in_transaction_session_timeout = '60s'; SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; SET tcp_user_timeout = '60s'",
                cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public static async Task<PgSession> OpenAsync(NpgsqlDataSource source, string side, CancellationToken cancellationToken)
    {
        var connection = source.CreateConnection();
        var session = new PgSession(connection, side);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            await session.ExecuteAsync(Pins, cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw session.Translate(e, cancellationToken);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Exception Translate(Exception exception, CancellationToken cancellationToken) => PgErrors.Translate(exception, _side, cancellationToken);

    /// <returns>Rows affected.</returns>
    public async Task<long> ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        try
        {
            var command = Command(sql, parameters);
            await using (command.ConfigureAwait(false))
                return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            throw Translate(e, cancellationToken);
        }
    }

    /// <summary>The first column of the first row; the default where there is no row or it is null.</summary>
    public async Task<T?> ScalarAsync<T>(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        try
        {
            var command = Command(sql, parameters);
            await using (command.ConfigureAwait(false))
                return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is T value ? value : default;
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            throw Translate(e, cancellationToken);
        }
    }

    /// <summary>All rows of one statement.</summary>
    public async Task<List<T>> QueryAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object[] parameters)
    {
        try
        {
            var command = Command(sql, parameters);
            await using (command.ConfigureAwait(false))
            {
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    var rows = new List<T>();
                    while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                        rows.Add(read(reader));
                    return rows;
                }
            }
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            throw Translate(e, cancellationToken);
        }
    }

    /// <summary>Begins a binary COPY in either direction.</summary>
    public async Task<NpgsqlRawCopyStream> CopyAsync(string sql, CancellationToken cancellationToken)
    {
        try
        {
            return await _connection.BeginRawBinaryCopyAsync(sql, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            throw Translate(e, cancellationToken);
        }
    }

    /// <summary>
    /// Commits; tells an answer that the server gave from one that was lost, or that nobody waits for any more. The server is not asked to end it: one that
    /// waits for a standby would then count as done without one.
    /// </summary>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        _commit = ExecuteAsync("COMMIT", CancellationToken.None);
        try
        {
            await _commit.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (LoggerCmsException e) when (e.InnerException is PostgresException { Severity: "ERROR" })
        {
            throw;
        }
        catch (Exception e) when (e is LoggerCmsException or OperationCanceledException)
        {
            // Also where the server says that it ends the session: it can say so after the commit took effect.
            throw new LoggerCmsException(
                ErrorCodes.OutcomeUnknown, "The connection ended before the answer to COMMIT came.",
                "Get-StateTransfer -Id … -Settle finds out whether it took effect.", _side, innerException: e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_commit.IsCompleted)
            await _connection.DisposeAsync().ConfigureAwait(false);
        else
            _ = EndAsync();
    }

    // The connection is the server's until it has answered.
    private async Task EndAsync()
    {
        await _commit.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private NpgsqlCommand Command(string sql, object[] parameters)
    {
        var command = new NpgsqlCommand(sql, _connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter as NpgsqlParameter ?? new NpgsqlParameter { Value = parameter });
        return command;
    }
}
