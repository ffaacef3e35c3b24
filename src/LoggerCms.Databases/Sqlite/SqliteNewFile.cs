using LoggerCms.Core.Files;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Makes the empty file that a database is to be in, readable by its owner only; SQLite gives its journal the same mode.</summary>
internal static class SqliteNewFile
{
    public static void MakeWhereMissing(SideConnection connection, IFileLayer files)
    {
        var path = Path.GetFullPath(connection.DataSource);
        if (Path.Exists(path))
            return;
        try
        {
            files.MakeFolder(Path.GetDirectoryName(path)!);
            files.Create(path).Dispose();
            files.SyncFolder(Path.GetDirectoryName(path)!);
        }
        catch (IOException) when (Path.Exists(path))
        {
            // Another process made it just now.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LoggerCmsException(
                e is UnauthorizedAccessException ? ErrorCodes.AccessDenied : ErrorCodes.DatabaseNotFound,
                $"The SQLite database '{path}' cannot be made: {e.Message}",
                "Grant this account write access to the folder, or give the path of a file in another one.",
                connection.Name ?? path,
                innerException: e);
        }
    }
}
