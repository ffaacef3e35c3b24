using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.SqlServer;

/// <summary>SQL Server 2016 or later, and Babelfish 4, by Microsoft.Data.SqlClient.</summary>
public sealed class SqlServerSideDriver : ISideDriver
{
    public SideProvider Provider => SideProvider.SqlServer;

    public async Task<ISide> OpenAsync(SideConnection connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return await SqlServerSide.OpenAsync(connection, cancellationToken).ConfigureAwait(false);
    }
}
