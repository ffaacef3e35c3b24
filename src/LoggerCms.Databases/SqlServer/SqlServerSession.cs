using System.Data;
using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>
/// One connection and at most one transaction on it. Statements run on the client's synchronous path in a pool thread, because its asynchronous
/// path reads long values many times over and can hang on a cancelled token: here the statement is cancelled from another thread, and a connection
/// that does not answer to that within <see cref="Grace"/> is closed.
/// </summary>
internal sealed class SqlServerSession : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly SqlConnection _connection;
    private readonly SqlServerSessions _owner;
    private SqlTransaction? _transaction;

    private SqlServerSession(SqlConnection connection, SqlServerSessions owner)
    {
        _connection = connection;
        _owner = owner;
        Side = owner.Address.Side;
    }

    /// <summary>What the side is called in errors.</summary>
    public string Side { get; }

    /// <summary>True once the connection was given up; its transaction is then rolled back by the server.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>True once a statement failed or was cancelled: a transaction then can only be rolled back.</summary>
    public bool IsDoomed { get; private set; }

    public SqlConnection Connection => _connection;

    public SqlTransaction? Transaction => _transaction;

    public static async Task<SqlServerSession> OpenAsync(SqlServerAddress address, SqlServerSessions owner, CancellationToken cancellationToken)
    {
        var connection = address.CreateConnection();
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            var session = new SqlServerSession(connection, owner);

            // Pinned, so that no server default changes what a statement means; computed and indexed columns demand them too. With XACT_ABORT a query
            // that is left early would take its transaction along; a statement that failed dooms the transaction here instead.
            await session.ExecuteAsync(
                "SET ANSI_NULLS ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; "
                + "SET QUOTED_IDENTIFIER ON; SET NUMERIC_ROUNDABORT OFF; SET XACT_ABORT OFF; SET NOCOUNT OFF; SET IMPLICIT_TRANSACTIONS OFF;",
                "setting the session up",
                cancellationToken).ConfigureAwait(false);
            return session;
        }
        catch (Exception error)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw SqlServerErrors.Connecting(error, address.Side, address.Server);
        }
    }

    public SqlCommand CreateCommand(string text)
    {
        var command = _connection.CreateCommand();
        command.CommandText = text;
        command.CommandTimeout = 0;
        command.Transaction = _transaction;
        return command;
    }

    /// <summary>Runs a statement and returns how many rows it changed.</summary>
    public async Task<long> ExecuteAsync(string text, string what, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        using var command = CreateCommand(text);
        AddParameters(command, parameters);
        return await RunAsync(command, command.ExecuteNonQuery, what, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a query and returns its first value, or null.</summary>
    public async Task<object?> ScalarAsync(string text, string what, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        using var command = CreateCommand(text);
        AddParameters(command, parameters);
        var value = await RunAsync(command, command.ExecuteScalar, what, cancellationToken).ConfigureAwait(false);
        return value is DBNull ? null : value;
    }

    /// <summary>Runs a query and returns its rows; for small results only.</summary>
    public async Task<List<T>> QueryAsync<T>(
        string text, Func<SqlDataReader, T> read, string what, CancellationToken cancellationToken, params (string Name, object Value)[] parameters)
    {
        using var command = CreateCommand(text);
        AddParameters(command, parameters);
        return await RunAsync(
            command,
            () =>
            {
                var rows = new List<T>();
                using var reader = command.ExecuteReader();
                while (reader.Read())
                    rows.Add(read(reader));
                return rows;
            },
            what,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs blocking work on this connection; <paramref name="command"/> is what a cancellation cancels.</summary>
    public async Task<T> RunAsync<T>(SqlCommand command, Func<T> work, string what, CancellationToken cancellationToken)
        => await SettleAsync(Task.Run(work, CancellationToken.None), command.Cancel, what, cancellationToken).ConfigureAwait(false);

    /// <summary>Awaits work on this connection; on cancellation calls <paramref name="cancel"/> and waits no longer than the grace period.</summary>
    public async Task<T> SettleAsync<T>(Task<T> work, Action cancel, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await work.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            IsDoomed = true;
            await StopAsync(work, cancel).ConfigureAwait(false);
            throw;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            IsDoomed = true;
            throw new OperationCanceledException(cancellationToken);
        }
        catch (LoggerCmsException)
        {
            IsDoomed = true;
            throw;
        }
        catch (Exception error)
        {
            IsDoomed = true;
            if (error is SqlException sql && SqlServerErrors.EndsConnection(sql))
                IsBroken = true;
            throw SqlServerErrors.Map(error, Side, what);
        }
    }

    /// <summary>Begins a transaction; <paramref name="isolation"/> is T-SQL's name of the level.</summary>
    public async Task BeginAsync(IsolationLevel isolation, CancellationToken cancellationToken)
    {
        using var command = CreateCommand(string.Empty);
        _transaction = await RunAsync(command, () => _connection.BeginTransaction(isolation), "beginning a transaction", cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Commits. An error whose outcome cannot be known is OutcomeUnknown.</summary>
    public async Task CommitAsync()
    {
        var transaction = _transaction;
        if (IsDoomed || transaction?.Connection is null)
        {
            throw new LoggerCmsException(
                ErrorCodes.DatabaseError, $"A statement of the transaction on '{Side}' failed, so it cannot be committed.", "Run the command again; nothing was changed.", Side);
        }

        try
        {
            await Task.Run(transaction.Commit).ConfigureAwait(false);
        }
        catch (SqlException error) when (!SqlServerErrors.EndsConnection(error) && error.Number != -2)
        {
            throw SqlServerErrors.Map(error, Side, "committing");
        }
        catch (Exception error)
        {
            IsBroken = true;
            throw new LoggerCmsException(
                ErrorCodes.OutcomeUnknown,
                $"The answer to COMMIT on '{Side}' was lost: {error.Message}",
                "Reconnect and look for the transfer's id in loggercms_transfer; Get-StateTransfer does that.",
                Side,
                innerException: error);
        }

        await transaction.DisposeAsync().ConfigureAwait(false);
        _transaction = null;
    }

    /// <summary>
    /// Ends the session's work. A view of the data is given up and the connection kept for the next; a transaction that may have written is rolled
    /// back by closing the connection, which also holds when the server does not answer.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (!await TryResetAsync().ConfigureAwait(false) || !_owner.TryKeep(this))
            await CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Closes the connection; a transaction on it is rolled back by the server.</summary>
    public async ValueTask CloseAsync()
    {
        _transaction = null;
        if (!IsBroken)
        {
            await _connection.DisposeAsync().ConfigureAwait(false);
            return;
        }

        // Nobody waits for a connection that does not answer.
        _ = Task.Run(_connection.Dispose);
    }

    private async Task<bool> TryResetAsync()
    {
        if (IsBroken || IsDoomed || _connection.State != ConnectionState.Open)
            return false;
        if (_transaction is { } view)
        {
            if (view.IsolationLevel != IsolationLevel.Snapshot)
                return false;
            _transaction = null;
            try
            {
                await Task.Run(view.Rollback).WaitAsync(Grace).ConfigureAwait(false);
            }
            catch (Exception error) when (error is SqlException or InvalidOperationException or TimeoutException)
            {
                IsBroken = true;
                return false;
            }
        }

        try
        {
            // The client leaves the last level in force, and a lock's time-out stays too.
            await ExecuteAsync(
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCK_TIMEOUT -1;", "setting the session up", CancellationToken.None).ConfigureAwait(false);
            return true;
        }
        catch (LoggerCmsException)
        {
            return false;
        }
    }

    private static void AddParameters(SqlCommand command, (string Name, object Value)[] parameters)
    {
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
    }

    private async Task StopAsync(Task work, Action cancel)
    {
        // Cancel takes the client's own locks, so it gets a thread of its own.
        var stopping = Task.WhenAll(Task.Run(cancel), work);
        try
        {
            await stopping.WaitAsync(Grace).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            IsBroken = true;
            _ = Task.Run(_connection.Dispose);
        }
        catch (Exception error) when (error is SqlException or InvalidOperationException or IOException or OperationCanceledException)
        {
            // The statement ended by the cancellation; its transaction is rolled back when this session is disposed.
            IsBroken |= error is not SqlException sql || SqlServerErrors.EndsConnection(sql);
        }
    }
}
