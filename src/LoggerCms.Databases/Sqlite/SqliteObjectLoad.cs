using LoggerCms.Core;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Reads all objects by ranges of ids, side by side, as of one commit.</summary>
internal static class SqliteObjectLoad
{
    private const int MaxReaders = 4;
    private const long RangesPerReader = 32;
    private const int RowsBetweenLooks = 1024;

    public static async Task RunAsync(string path, string side, Action<CmsObject> onObject, CancellationToken cancellationToken)
    {
        var readers = new List<SqliteDb>();
        SqliteDb? watch = null;
        try
        {
            watch = SqliteDb.Open(path, side, write: false);
            SqliteViews.Read(watch, db => { SqliteSystemTables.Check(db); return true; }, cancellationToken);
            for (var i = 0; i < Math.Clamp(Environment.ProcessorCount, 1, MaxReaders); i++)
                readers.Add(SqliteDb.Open(path, side, write: false));
            SqliteViews.BeginTogether(readers, [watch], cancellationToken);
            var ranges = new Ranges(readers[0], RangesPerReader * readers.Count);
            await SideBySide.ForEachAsync(
                readers,
                readers.Count,
                (db, cancel) =>
                {
                    SqliteReads.Run(db, () => Read(db, ranges, onObject, cancel), cancel);
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (var reader in readers)
                reader.Dispose();
            watch?.Dispose();
        }
    }

    private static bool Read(SqliteDb db, Ranges ranges, Action<CmsObject> onObject, CancellationToken cancellationToken)
    {
        var reader = new SqliteObjectReader();
        using var select = db.Prepare($"SELECT {SystemTables.ObjectColumns} FROM main.cms_object WHERE id BETWEEN ?1 AND ?2");
        while (ranges.TryTake(out var from, out var to))
        {
            select.Bind(1, from).Bind(2, to);
            for (var rows = 0; select.Step(); rows++)
            {
                if (rows % RowsBetweenLooks == 0)
                    cancellationToken.ThrowIfCancellationRequested();
                onObject(reader.Read(select.Handle));
            }

            select.Reset();
        }

        return true;
    }

    /// <summary>The ids from the first to the last in ranges of equal width, handed out one after the other.</summary>
    private sealed class Ranges
    {
        private readonly long _first;
        private readonly long _last;
        private readonly long _width;
        private readonly long _count;
        private long _next;

        public Ranges(SqliteDb db, long atMost)
        {
            _first = db.ScalarInt64("SELECT coalesce(min(id), 1) FROM main.cms_object");
            _last = db.ScalarInt64("SELECT coalesce(max(id), 0) FROM main.cms_object");
            _width = ((_last - _first) / atMost) + 1;
            _count = _last < _first ? 0 : ((_last - _first) / _width) + 1;
        }

        public bool TryTake(out long from, out long to)
        {
            var index = Interlocked.Increment(ref _next) - 1;
            from = _first + (index * _width);
            to = index == _count - 1 ? _last : from + _width - 1;
            return index < _count;
        }
    }
}
