using LoggerCms.Core.Auditing;
using LoggerCms.Databases.PostgreSql;
using LoggerCms.Databases.Sqlite;
using LoggerCms.Databases.SqlServer;

namespace LoggerCms.Databases;

/// <summary>Audit databases of every make.</summary>
internal static class AuditDatabaseFactory
{
    /// <summary>The database that the connection names; nothing is read or made before the first call.</summary>
    public static IAuditDatabase Open(SideConnection connection) => connection.Provider switch
    {
        SideProvider.Sqlite => new SqliteAuditDatabase(connection),
        SideProvider.PostgreSql => new PgAuditDatabase(connection),
        SideProvider.SqlServer => new SqlServerAuditDatabase(connection),
        _ => throw new LoggerCmsException(
            ErrorCodes.InvalidConnection, $"{connection.Provider} cannot hold an audit database.", "Give sqlite:PATH or postgresql:CONNECTION STRING.", connection.Name),
    };
}
