namespace LoggerCms;

/// <summary>The make of a side's database.</summary>
public enum SideProvider
{
    /// <summary>A SQLite file; the embedded default.</summary>
    Sqlite,

    /// <summary>PostgreSQL 14 or later.</summary>
    PostgreSql,

    /// <summary>SQL Server 2016 or later, or a server that speaks its dialect.</summary>
    SqlServer,
}
