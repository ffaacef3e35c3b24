using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>PostgreSQL 14 or later, through Npgsql.</summary>
public sealed class PostgreSqlSideDriver : ISideDriver
{
    public SideProvider Provider => SideProvider.PostgreSql;

    public async Task<ISide> OpenAsync(SideConnection connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return await PgSide.OpenAsync(connection, cancellationToken).ConfigureAwait(false);
    }
}
