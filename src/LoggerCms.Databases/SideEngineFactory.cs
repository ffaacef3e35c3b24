using LoggerCms.Core;
using LoggerCms.Core.Temp;
using LoggerCms.Core.Tracing;
using LoggerCms.Databases.PostgreSql;
using LoggerCms.Databases.Sqlite;
using LoggerCms.Databases.SqlServer;

namespace LoggerCms.Databases;

/// <summary>Puts the engine and its drivers together. Found by name from outside the engine's load context.</summary>
public sealed class SideEngineFactory : ISideEngineFactory
{
    public ISideEngine Create() => new SideEngine([new SqliteSideDriver(), new PostgreSqlSideDriver(), new SqlServerSideDriver()], TimeProvider.System);

    public ITraceTools CreateTraceTools() => new TraceTools(TimeProvider.System);

    public ITempTools CreateTempTools() => new TempTools(TimeProvider.System);
}
