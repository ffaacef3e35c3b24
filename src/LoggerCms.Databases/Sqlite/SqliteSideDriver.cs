using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>SQLite files as sides. See <c>SqliteTypes</c> for how declared types read.</summary>
public sealed class SqliteSideDriver : ISideDriver
{
    public SideProvider Provider => SideProvider.Sqlite;

    public Task<ISide> OpenAsync(SideConnection connection, CancellationToken cancellationToken)
        => Task.Run<ISide>(
            () =>
            {
                var path = SqlitePath.Resolve(connection);
                var side = connection.Name ?? path;
                var db = SqliteDb.Open(path, side, write: false);
                try
                {
                    // SQLite reads the file no sooner than it must; the first read proves that it is a database, and mends what a crash left.
                    SqliteViews.Read(db, d => d.ScalarInt64("SELECT count(*) FROM main.sqlite_schema"), cancellationToken);
                    return new SqliteSide(connection, db);
                }
                catch
                {
                    db.Dispose();
                    throw;
                }
            },
            cancellationToken);
}
