using LoggerCms.Databases.Tests.Makes;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public sealed class SqlServerSystemDatabaseTests() : SystemDatabaseContract(new SqlServerMake());
