using LoggerCms.Databases.Tests.Makes;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public sealed partial class PostgreSqlSystemDatabaseTests() : SystemDatabaseContract(new PostgreSqlMake());
