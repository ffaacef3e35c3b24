using System.Net.Sockets;
using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Npgsql's and the server's failures as typed ones.</summary>
internal static class PgErrors
{
    /// <summary>True for exceptions that must not leave the driver as they are.</summary>
    public static bool IsForeign(Exception exception)
        => exception is NpgsqlException or IOException or SocketException or TimeoutException or ObjectDisposedException
            or InvalidOperationException or OperationCanceledException or InvalidCastException;

    public static Exception Translate(Exception exception, string side, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return new OperationCanceledException("Cancelled.", exception, cancellationToken);
        return exception switch
        {
            LoggerCmsException known => known,
            PostgresException answer => FromState(answer, side),
            NpgsqlException { InnerException: SocketException refused } => Unreachable(refused, side, exception),
            NpgsqlException { InnerException: System.Security.Authentication.AuthenticationException tls } => Make(
                ErrorCodes.ServerUnreachable, $"The encrypted connection could not be made: {tls.Message}",
                "Check SSL Mode and the server's certificate.", side, exception),
            NpgsqlException missing when missing.Message.Contains("No password", StringComparison.Ordinal) => Make(
                ErrorCodes.AuthenticationFailed, "The server asks for a password and none was given.",
                "Give one with New-SideConnection -Credential.", side, exception),
            _ => Make(
                ErrorCodes.ConnectionLost, $"The connection to PostgreSQL ended: {exception.Message}",
                "Check the server and the network, then run the same command again.", side, exception),
        };
    }

    /// <summary>The failure that a SQLSTATE stands for.</summary>
    private static LoggerCmsException FromState(PostgresException e, string side)
    {
        var where = (e.TableName, e.ColumnName) switch
        {
            (null or "", _) => string.Empty,
            (var table, null or "") => $" (table {table})",
            var (table, column) => $" (table {table}, column {column})",
        };
        var (code, remedy) = Classify(e.SqlState);
        return Make(code, $"PostgreSQL: {e.MessageText}{where} [{e.SqlState}]", remedy, side, e);
    }

    private static (string Code, string Remedy) Classify(string state) => state switch
    {
        "28P01" or "28000" => (ErrorCodes.AuthenticationFailed, "Check the user name and password: New-SideConnection -Credential; and the server's pg_hba.conf."),
        "3D000" => (ErrorCodes.DatabaseNotFound, "Check the Database key of the connection string; psql -l lists the databases."),
        "42501" => (ErrorCodes.AccessDenied, "Grant the right to the user of this connection, or connect as one who has it (row level security needs BYPASSRLS)."),
        "57P03" => (ErrorCodes.ServerUnreachable, "The server is starting or stopping; try again in a moment."),
        "42P01" => (ErrorCodes.TableNotFound, "The table went away while it was in use; run the same command again."),
        "53100" => (ErrorCodes.DiskFull, "Free space where the server keeps its data and its temporary files, then run the same command again."),
        "55P03" or "40P01" => (ErrorCodes.DestinationInUse, "Stop the writers of these tables or give a longer -LockTimeout."),
        "53300" => (ErrorCodes.ServerUnreachable, "The server has no free connection; raise max_connections or ask for fewer readers."),
        "25006" => (ErrorCodes.AccessDenied, "This server or session is read-only (a standby?); connect to the primary."),
        "57014" => (ErrorCodes.DatabaseError, "The server cancelled the statement; see its log."),
        "XX001" or "XX002" => (ErrorCodes.DatabaseDamaged, "Restore this database from a backup; pg_amcheck shows what is damaged."),
        "42883" or "3F000" => (ErrorCodes.DatabaseError, "A function of the database found no object by its bare name; pin it: ALTER FUNCTION … SET search_path = …."),
        _ => state[..2] switch
        {
            "08" or "57" => (ErrorCodes.ConnectionLost, "Check the server, then run the same command again."),
            "22" => (ErrorCodes.ValueNotRepresentable, "Widen the column of the destination, or leave it out with a side profile."),
            "23" => (ErrorCodes.ConstraintViolated, "Bring the constraint in line with the other side's, or transfer the tables that it depends on as well."),
            "25" or "40" => (ErrorCodes.DatabaseError, "Run the same command again."),
            _ => (ErrorCodes.DatabaseError, "See the server's log for the statement."),
        },
    };

    private static LoggerCmsException Unreachable(SocketException e, string side, Exception outer) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.HostUnreachable or SocketError.NetworkUnreachable
            or SocketError.TimedOut or SocketError.NoData or SocketError.TryAgain => Make(
                ErrorCodes.ServerUnreachable, $"No PostgreSQL server answers: {e.Message}",
                "Check Host and Port of the connection string and that the server runs.", side, outer),
        _ => Make(
            ErrorCodes.ConnectionLost, $"The connection to PostgreSQL ended: {e.Message}",
            "Check the server and the network, then run the same command again.", side, outer),
    };

    private static LoggerCmsException Make(string code, string message, string remedy, string side, Exception inner)
        => new(code, message, remedy, side, innerException: inner);
}
