using System.Globalization;
using LoggerCms.Core;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Reads all objects by ranges of the table's blocks, side by side, under one exported snapshot.</summary>
internal static class PgObjectLoad
{
    private const int MaxReaders = 4;
    private const long RangesPerReader = 8;

    public static async Task RunAsync(
        Func<CancellationToken, Task<PgSession>> open, string database, Action<CmsObject> onObject, CancellationToken cancellationToken)
    {
        var sessions = new List<PgSession>();
        try
        {
            for (var i = 0; i < Math.Clamp(Environment.ProcessorCount, 1, MaxReaders); i++)
                sessions.Add(await open(cancellationToken).ConfigureAwait(false));
            foreach (var session in sessions)
                await session.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", cancellationToken).ConfigureAwait(false);
            var snapshot = await sessions[0].ScalarAsync<string>("SELECT pg_export_snapshot()", cancellationToken).ConfigureAwait(false);
            foreach (var session in sessions.Skip(1))
                await session.ExecuteAsync($"SET TRANSACTION SNAPSHOT {PgName.Literal(snapshot!)}", cancellationToken).ConfigureAwait(false);
            await PgSystemTables.CheckAsync(sessions[0], database, cancellationToken).ConfigureAwait(false);
            var blocks = await sessions[0].ScalarAsync<long>(
                "SELECT pg_relation_size('public.cms_object') / current_setting('block_size')::bigint", cancellationToken).ConfigureAwait(false);
            var width = Math.Max(1, blocks / (RangesPerReader * sessions.Count));
            var next = -1L;
            await SideBySide.ForEachAsync(
                sessions,
                sessions.Count,
                async (session, cancel) =>
                {
                    var copy = new PgObjectCopy();
                    long from;

                    // One range beyond the size that was read: blocks may have been added before the snapshot was taken.
                    while ((from = Interlocked.Increment(ref next) * width) <= blocks)
                        await ReadAsync(session, copy, from, from + width > blocks ? null : from + width, onObject, cancel).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (var session in sessions)
                await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static async Task ReadAsync(
        PgSession session, PgObjectCopy copy, long from, long? to, Action<CmsObject> onObject, CancellationToken cancellationToken)
    {
        var end = to is { } block ? string.Create(CultureInfo.InvariantCulture, $" AND ctid < '({block},0)'") : string.Empty;
        var sql = string.Create(
            CultureInfo.InvariantCulture,
            $"COPY (SELECT {SystemTables.ObjectColumns} FROM public.cms_object WHERE ctid >= '({from},0)'{end}) TO STDOUT (FORMAT binary)");
        var stream = await session.CopyAsync(sql, cancellationToken).ConfigureAwait(false);
        try
        {
            await copy.ReadAsync(stream, onObject, cancellationToken).ConfigureAwait(false);
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (PgErrors.IsForeign(e))
        {
            throw session.Translate(e, cancellationToken);
        }
    }
}
