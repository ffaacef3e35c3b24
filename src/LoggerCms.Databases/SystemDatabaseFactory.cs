using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases.PostgreSql;
using LoggerCms.Databases.Sqlite;
using LoggerCms.Databases.SqlServer;

namespace LoggerCms.Databases;

/// <summary>System databases of every make.</summary>
internal static class SystemDatabaseFactory
{
    /// <summary>
    /// The database that the connection names. Nothing is read or made before the first call; a SQLite file that is missing is made by
    /// <see cref="ISystemDatabase.PrepareAsync"/>, and by no other call.
    /// </summary>
    public static ISystemDatabase Open(SideConnection connection) => connection.Provider switch
    {
        SideProvider.Sqlite => new SqliteSystemDatabase(connection),
        SideProvider.PostgreSql => new PgSystemDatabase(connection),
        SideProvider.SqlServer => new SqlServerSystemDatabase(connection),
        _ => throw new LoggerCmsException(
            ErrorCodes.InvalidConnection, $"{connection.Provider} cannot hold a system database.", "Give sqlite:PATH.", connection.Name),
    };
}
