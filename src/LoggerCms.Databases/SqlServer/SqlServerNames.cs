using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>The tables that LoggerCms keeps for itself, all in dbo.</summary>
internal static class SqlServerNames
{
    public const string Prefix = "loggercms_";
    public const string Meta = "[dbo].[loggercms_meta]";
    public const string Log = "[dbo].[loggercms_log]";
    public const string Position = "[dbo].[loggercms_position]";
    public const string Transfer = "[dbo].[loggercms_transfer]";
    public const string Lease = "[dbo].[loggercms_lease]";

    /// <summary>The name of the application lock that a transfer holds on its destination.</summary>
    public const string TransferLock = "loggercms_transfer";

    /// <summary>The server's clock in microseconds since 1970-01-01 UTC.</summary>
    public const string NowMicroseconds = "DATEDIFF_BIG(MICROSECOND, '1970-01-01', SYSUTCDATETIME())";

    public const string CreateTransferTable =
        "IF OBJECT_ID(N'dbo.loggercms_transfer', N'U') IS NULL "
        + "CREATE TABLE [dbo].[loggercms_transfer] (id varchar(36) NOT NULL PRIMARY KEY, at_us bigint NOT NULL)";

    /// <summary>Text that is compared by its code points, as the other makes' side-local tables do.</summary>
    private const string Exact = "COLLATE " + SqlServerDialect.BinaryCollation + " NOT NULL";

    public const string CreateLogTables = $"""
        IF OBJECT_ID(N'dbo.loggercms_meta', N'U') IS NULL
            CREATE TABLE {Meta} (name nvarchar(100) {Exact} PRIMARY KEY, value nvarchar(400) NULL);
        IF OBJECT_ID(N'dbo.loggercms_log', N'U') IS NULL
            CREATE TABLE {Log} (origin nvarchar(100) {Exact}, update_key bigint NOT NULL, table_name nvarchar(260) {Exact}, operation char(1) NOT NULL,
                row_key varchar(8000) NOT NULL, at_us bigint NOT NULL, PRIMARY KEY (origin, update_key));
        IF OBJECT_ID(N'dbo.loggercms_position', N'U') IS NULL
            CREATE TABLE {Position} (table_name nvarchar(260) {Exact}, origin nvarchar(100) {Exact}, update_key bigint NOT NULL,
                PRIMARY KEY (table_name, origin));
        """;

    public static bool IsOwn(TableName table) => table.Schema is null && table.Name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
}
