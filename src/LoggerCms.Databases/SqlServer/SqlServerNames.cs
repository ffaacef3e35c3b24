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

    public static bool IsOwn(TableName table) => table.Schema is null && table.Name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
}
