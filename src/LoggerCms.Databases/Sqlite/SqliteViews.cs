using System.Diagnostics;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Read transactions of several connections that see the same commit.</summary>
internal static class SqliteViews
{
    private const int Attempts = 2000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Begins a read transaction on every reader. The watches hold none: their data_version changes when anyone commits, so the same
    /// version before the first and after the last reader began proves that no commit lies between them.
    /// </summary>
    public static void BeginTogether(
        IReadOnlyList<(SqliteDb Db, bool HasSource)> readers, IReadOnlyList<SqliteDb> watches, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var before = watches.Select(w => Version(w, cancellationToken)).ToArray();
            foreach (var (db, hasSource) in readers)
            {
                db.Execute("BEGIN");
                Read(db, d => d.ScalarInt64("SELECT count(*) FROM main.sqlite_schema"), cancellationToken);
                if (hasSource)
                    Read(db, d => d.ScalarInt64("SELECT count(*) FROM src.sqlite_schema"), cancellationToken);
            }

            // One reader of one database sees one commit whatever happens around it.
            if (readers is [{ HasSource: false }] || watches.Select(w => Version(w, cancellationToken)).SequenceEqual(before))
                return;
            foreach (var (db, _) in readers)
                db.Execute("ROLLBACK");
        }

        var path = watches[0].Path;
        throw new LoggerCmsException(
            ErrorCodes.SnapshotNotAvailable,
            $"'{path}' is written so often that no two readers see the same commit.",
            "Run the command again when less is written, or take a copy of the side with VACUUM INTO.",
            watches[0].Side);
    }

    public static long Version(SqliteDb db, CancellationToken cancellationToken)
        => Read(db, d => d.ScalarInt64("PRAGMA main.data_version"), cancellationToken);

    /// <summary>Reads, waiting while a writer holds the database to itself.</summary>
    public static T Read<T>(SqliteDb db, Func<SqliteDb, T> work, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return work(db);
            }
            catch (LoggerCmsException e) when (e.Code == ErrorCodes.DestinationInUse)
            {
                if (Stopwatch.GetElapsedTime(started) < Patience)
                    continue;
                throw new LoggerCmsException(
                    ErrorCodes.SnapshotNotAvailable,
                    $"'{db.Path}' has been locked by a writer for {Patience.TotalSeconds:0} seconds.",
                    "End that writer's transaction, or set PRAGMA journal_mode=WAL on the database so that readers and writers do not wait for each other.",
                    db.Side,
                    innerException: e);
            }
        }
    }
}
