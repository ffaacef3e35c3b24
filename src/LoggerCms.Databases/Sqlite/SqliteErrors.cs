using System.Text;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Turns SQLite's result codes into typed failures.</summary>
internal static class SqliteErrors
{
    // SQLite's own limit of 512, less the ending of its journal.
    private const int LongestPath = 504;

    public static LoggerCmsException Create(int result, string message, string path, string side)
    {
        var (code, text, remedy) = (result & 0xFF) switch
        {
            Native.Busy when result == Native.BusySnapshot => (
                ErrorCodes.DestinationChanged,
                $"The SQLite database '{path}' was written since it was read: {message}.",
                "Run the same command again."),
            Native.NotADatabase => (
                ErrorCodes.NotADatabase,
                $"'{path}' is not a SQLite database: {message}.",
                "Give the path of a SQLite file; an encrypted one must be decrypted first. Where it was one and is to be restored, move it away: a restore makes it anew."),
            Native.Corrupt => (
                ErrorCodes.DatabaseDamaged,
                $"The SQLite database '{path}' is damaged: {message}.",
                $"Run: sqlite3 '{path}' 'PRAGMA integrity_check', and restore it from a backup or from the other side."),
            Native.Full => (
                ErrorCodes.DiskFull,
                $"The disk that holds '{path}' (or SQLite's temporary files) is full: {message}.",
                "Free space there, or set TMPDIR to a folder with space, and run the same command again."),
            Native.CannotOpen when !OperatingSystem.IsWindows() && Encoding.UTF8.GetByteCount(Path.GetFullPath(path)) > LongestPath => (
                ErrorCodes.InvalidConnection,
                $"The SQLite database '{path}' cannot be opened: SQLite takes paths of up to {LongestPath} bytes.",
                "Give a shorter path; for a node's data folder that is -DataPath."),
            Native.CannotOpen => (
                File.Exists(path) ? ErrorCodes.AccessDenied : ErrorCodes.DatabaseNotFound,
                $"The SQLite database '{path}' cannot be opened: {message}.",
                "Grant this account read and write access to the file and to its folder: SQLite keeps its journal beside the file."),
            Native.Permission => (
                ErrorCodes.AccessDenied,
                $"Access to '{path}' is denied: {message}.",
                "Grant this account access to the file and to its folder."),
            Native.ReadOnly => (
                ErrorCodes.AccessDenied,
                $"The SQLite database '{path}' cannot be written: {message}.",
                "Grant this account write access to the file and to its folder: SQLite keeps its journal beside the file."),
            Native.Busy or Native.Locked => (
                ErrorCodes.DestinationInUse,
                $"The SQLite database '{path}' is locked by another connection: {message}.",
                "End the transaction that holds it, or give a longer -LockTimeout."),
            Native.Constraint or Native.Mismatch => (
                ErrorCodes.ConstraintViolated,
                $"A row breaks a constraint of '{path}': {message}.",
                "Compare the constraints of both sides' tables with Compare-SideState, or correct the row on the source."),
            Native.TooBig => (
                ErrorCodes.ValueNotRepresentable,
                $"A value is larger than SQLite can hold in '{path}': {message}.",
                "Leave the column out with a side profile."),
            Native.InputOutput when message.Contains("space", StringComparison.OrdinalIgnoreCase) => (
                ErrorCodes.DiskFull,
                $"The disk that holds '{path}' is full: {message}.",
                "Free space there and run the same command again."),
            Native.InputOutput => (
                ErrorCodes.DatabaseError,
                $"Reading or writing '{path}' failed: {message}.",
                "Check the disk and its mount; the database is as it was before this transaction."),
            _ => (
                ErrorCodes.DatabaseError,
                $"SQLite reports for '{path}': {message} (result {result}).",
                "Check the database with PRAGMA integrity_check and run the same command again."),
        };
        return new LoggerCmsException(code, text, remedy, side);
    }
}
