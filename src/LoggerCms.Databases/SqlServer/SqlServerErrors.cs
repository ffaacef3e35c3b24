using Microsoft.Data.SqlClient;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Turns what the server and its client report into typed failures.</summary>
internal static class SqlServerErrors
{
    /// <summary>What Babelfish sends for every PostgreSQL error that has no number of SQL Server's.</summary>
    private const int Unmapped = 33557097;

    /// <summary>The failure of an attempt to connect.</summary>
    public static LoggerCmsException Connecting(Exception error, string side, string server) => error switch
    {
        LoggerCmsException typed => typed,
        SqlException sql when FromConnect(sql, side) is { } typed => typed,
        NotSupportedException or TypeInitializationException => new LoggerCmsException(
            ErrorCodes.DatabaseError,
            $"The SQL Server client cannot run in this process: {error.Message}",
            "Install the ICU libraries and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.",
            side,
            innerException: error),
        _ => new LoggerCmsException(
            ErrorCodes.ServerUnreachable,
            $"The server '{server}' cannot be reached: {FirstLine(error)}",
            "Check the server's name and port, its firewall, and Encrypt and TrustServerCertificate in the connection string.",
            side,
            innerException: error),
    };

    /// <summary>The failure of a statement.</summary>
    public static LoggerCmsException Map(Exception error, string side, string what) => error switch
    {
        LoggerCmsException typed => typed,
        SqlException sql => FromStatement(sql, side, what),

        // The client throws these for a connection that broke or a transaction that the server ended.
        InvalidOperationException or ObjectDisposedException or IOException => new LoggerCmsException(
            ErrorCodes.ConnectionLost,
            $"The connection to '{side}' was lost while {what}: {FirstLine(error)}",
            "Check the server and its network, then run the command again.",
            side,
            innerException: error),
        _ => new LoggerCmsException(
            ErrorCodes.DatabaseError, $"'{side}' failed while {what}: {FirstLine(error)}", "See the server's error log.", side, innerException: error),
    };

    /// <summary>True when the connection cannot be used any more.</summary>
    public static bool EndsConnection(SqlException error)
        => error.Class >= 20 || error.Number is 10053 or 10054 or 10060 or 64 or 121 or 233 or 258 or 596 or 109 or 6005;

    private static LoggerCmsException? FromConnect(SqlException error, string side)
    {
        switch (error.Number)
        {
            case 18456 or 18452 or 18470 or 18486 or 18487 or 18488 or 18401:
                return new(
                    ErrorCodes.AuthenticationFailed,
                    $"The server refused the login: {FirstLine(error)}",
                    "Give the right account with New-SideConnection -Credential.",
                    side,
                    innerException: error);
            case 4060 or 911:
                return new(
                    ErrorCodes.DatabaseNotFound,
                    $"The database cannot be opened: {FirstLine(error)}",
                    "Check Database in the connection string, and that the login has a user in it.",
                    side,
                    innerException: error);
            case 916:
                return Denied(error, side, "opening the database");
            default:
                return null;
        }
    }

    private static LoggerCmsException FromStatement(SqlException error, string side, string what)
    {
        if (EndsConnection(error))
        {
            return new(
                ErrorCodes.ConnectionLost,
                $"The connection to '{side}' was lost while {what}: {FirstLine(error)}",
                "Check the server and its network, then run the command again.",
                side,
                innerException: error);
        }

        return Classify(error) switch
        {
            ErrorCodes.AccessDenied => Denied(error, side, what),
            ErrorCodes.DestinationInUse => new(
                ErrorCodes.DestinationInUse,
                $"'{side}' is in use: a lock was not to be had while {what}: {FirstLine(error)}",
                "Wait until the writers are done, or give a longer -LockTimeout; sys.dm_tran_locks shows who holds the table.",
                side,
                innerException: error),
            ErrorCodes.ConstraintViolated => new(
                ErrorCodes.ConstraintViolated,
                $"'{side}' refused a row while {what}: {FirstLine(error)}",
                "Compare the constraints of both sides; the destination is as it was.",
                side,
                innerException: error),
            ErrorCodes.ValueNotRepresentable => new(
                ErrorCodes.ValueNotRepresentable,
                $"'{side}' cannot hold a value exactly, found while {what}: {FirstLine(error)}",
                "Widen the column, or leave it out with a side profile.",
                side,
                innerException: error),
            ErrorCodes.DiskFull => new(
                ErrorCodes.DiskFull,
                $"'{side}' has no room left, found while {what}: {FirstLine(error)}",
                "Free disk space or let the data and log files grow, then run the command again.",
                side,
                innerException: error),
            ErrorCodes.DatabaseDamaged => new(
                ErrorCodes.DatabaseDamaged,
                $"'{side}' is damaged, found while {what}: {FirstLine(error)}",
                "Run DBCC CHECKDB on it and restore what it names.",
                side,
                innerException: error),
            ErrorCodes.TableNotFound => new(
                ErrorCodes.TableNotFound,
                $"'{side}' has no such object, found while {what}: {FirstLine(error)}",
                "Check the name, and that nobody changed the schema meanwhile.",
                side,
                innerException: error),
            ErrorCodes.SnapshotNotAvailable => NoSnapshot(side, null),
            _ when IsRetryable(error) => new(
                ErrorCodes.DatabaseError,
                $"'{side}' ended the transaction in favour of another one while {what}: {FirstLine(error)}",
                "Run the command again; nothing was changed.",
                side,
                innerException: error),
            _ => new(
                ErrorCodes.DatabaseError,
                $"'{side}' failed while {what} (error {error.Number}): {FirstLine(error)}",
                "See the server's error log.",
                side,
                innerException: error),
        };
    }

    /// <summary>Neither snapshot isolation nor leave to block writers.</summary>
    public static LoggerCmsException NoSnapshot(string side, string? database) => new(
        ErrorCodes.SnapshotNotAvailable,
        $"'{side}' does not allow snapshot isolation, so it cannot be read consistently without blocking its writers.",
        $"Run ALTER DATABASE {Quote(database ?? side)} SET ALLOW_SNAPSHOT_ISOLATION ON, or give -AllowBlockingRead.",
        side);

    private static LoggerCmsException Denied(SqlException error, string side, string what) => new(
        ErrorCodes.AccessDenied,
        $"'{side}' denies access while {what}: {FirstLine(error)}",
        "Grant the login SELECT to read; SELECT, INSERT, UPDATE, DELETE and ALTER on the tables to be written.",
        side,
        innerException: error);

    private static string? Classify(SqlException error) => error.Number switch
    {
        229 or 230 or 262 or 297 or 300 or 916 or 1088 or 4604 or 15247 or 15151 => ErrorCodes.AccessDenied,
        1222 => ErrorCodes.DestinationInUse,
        2627 or 2601 or 547 or 515 or 513 => ErrorCodes.ConstraintViolated,
        8115 or 8152 or 2628 or 220 or 242 or 248 or 241 or 295 or 8114 or 8134 or 9420 => ErrorCodes.ValueNotRepresentable,
        1105 or 9002 or 1101 or 3257 => ErrorCodes.DiskFull,
        823 or 824 or 825 or 605 or 7105 or 8909 or 8928 => ErrorCodes.DatabaseDamaged,
        208 or 207 or 4902 => ErrorCodes.TableNotFound,
        3952 => ErrorCodes.SnapshotNotAvailable,
        Unmapped => ClassifyText(error.Message),
        _ => null,
    };

    private static string? ClassifyText(string message)
    {
        bool Has(string part) => message.Contains(part, StringComparison.OrdinalIgnoreCase);
        if (Has("lock timeout"))
            return ErrorCodes.DestinationInUse;
        if (Has("permission denied") || Has("must be owner"))
            return ErrorCodes.AccessDenied;
        if (Has("no space left") || Has("could not extend file"))
            return ErrorCodes.DiskFull;
        if (Has("violates"))
            return ErrorCodes.ConstraintViolated;
        if (Has("out of range") || Has("overflow") || Has("value too long") || Has("invalid byte sequence"))
            return ErrorCodes.ValueNotRepresentable;
        if (Has("does not exist") && Has("relation"))
            return ErrorCodes.TableNotFound;
        return Has("invalid page") || Has("could not read block") ? ErrorCodes.DatabaseDamaged : null;
    }

    private static bool IsRetryable(SqlException error)
        => error.Number is 1205 or 3960 or 3961 or 41302 or 41305
            || (error.Number == Unmapped
                && (error.Message.Contains("deadlock", StringComparison.Ordinal) || error.Message.Contains("could not serialize", StringComparison.Ordinal)));

    private static string FirstLine(Exception error)
    {
        var message = error.Message;
        var end = message.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? message : message[..end];
    }

    private static string Quote(string name) => "[" + name.Replace("]", "]]", StringComparison.Ordinal) + "]";
}
