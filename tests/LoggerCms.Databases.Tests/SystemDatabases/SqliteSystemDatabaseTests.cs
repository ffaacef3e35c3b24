using LoggerCms.Databases.Tests.Makes;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public sealed partial class SqliteSystemDatabaseTests() : SystemDatabaseContract(new SqliteMake());
