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
    /// <remarks>
    /// Nothing is waited for while a reader has begun: a writer at its COMMIT lets no further reader in and waits for those that are in, so each
    /// would wait for the other. All of them let go, and begin again.
    /// </remarks>
    public static void BeginTogether(
        IReadOnlyList<SqliteDb> readers, IReadOnlyList<SqliteDb> watches, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (TryBegin(readers, watches, cancellationToken))
                return;
            foreach (var db in readers)
            {
                if (db.IsInTransaction)
                    db.Execute("ROLLBACK");
            }

            // Here a writer is waited for.
            foreach (var db in watches.DefaultIfEmpty(readers[0]))
                Read(db, Version, cancellationToken);
        }

        var path = readers[0].Path;
        throw new LoggerCmsException(
            ErrorCodes.SnapshotNotAvailable,
            $"'{path}' is written so often that no two readers see the same commit.",
            "Run the command again when less is written, or take a copy of the side with VACUUM INTO.",
            readers[0].Side);
    }

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

    private static bool TryBegin(IReadOnlyList<SqliteDb> readers, IReadOnlyList<SqliteDb> watches, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        WaitForLocks(false);
        try
        {
            var before = Versions(watches);
            foreach (var db in readers)
            {
                db.Execute("BEGIN");
                db.ScalarInt64("SELECT count(*) FROM main.sqlite_schema");
                if (db.HasSource)
                    db.ScalarInt64("SELECT count(*) FROM src.sqlite_schema");
            }

            // One reader of one database sees one commit whatever happens around it.
            return readers is [{ HasSource: false }] || Versions(watches).AsSpan().SequenceEqual(before);
        }
        catch (LoggerCmsException e) when (e.Code == ErrorCodes.DestinationInUse)
        {
            return false;
        }
        finally
        {
            WaitForLocks(true);
        }

        void WaitForLocks(bool wait)
        {
            foreach (var db in readers.Concat(watches))
                db.WaitForLocks(wait);
        }
    }

    private static long[] Versions(IReadOnlyList<SqliteDb> watches)
    {
        var versions = new long[watches.Count];
        for (var i = 0; i < versions.Length; i++)
            versions[i] = Version(watches[i]);
        return versions;
    }

    private static long Version(SqliteDb watch) => watch.ScalarInt64("PRAGMA main.data_version");
}
