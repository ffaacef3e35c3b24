using System.Collections.Concurrent;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Compares all rows in scope and collects what differs as changes.</summary>
internal static class RowsPlanner
{
    /// <summary>Bytes of differing keys that are held in memory for one table before it is sent whole.</summary>
    private const long MostKeyBytes = 24L * 1024 * 1024;

    public static async Task CollectAsync(TransferWork work, ProgressMeter meter, CancellationToken cancellationToken)
    {
        await CollectAsync(work, [.. Enumerable.Range(0, work.Pairs.Count).Where(i => !work.ToCreate.Contains(i))], meter, cancellationToken).ConfigureAwait(false);
        work.RowsCompared = work.Totals.Certain && work.Source.IsConsistent && work.Destination.IsConsistent;
    }

    /// <summary>Compares only these tables, by their index in the scope.</summary>
    public static async Task CollectAsync(TransferWork work, IReadOnlyList<int> tables, ProgressMeter meter, CancellationToken cancellationToken)
    {
        if (tables.Count == 0)
            return;
        if (work.Pair is { } pair)
            await CollectByDatabaseAsync(work, tables, pair, meter, cancellationToken).ConfigureAwait(false);
        else
            await CollectByRowsAsync(work, tables, meter, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CollectByRowsAsync(TransferWork work, IReadOnlyList<int> compared, ProgressMeter meter, CancellationToken cancellationToken)
    {
        var hashed = compared.Where(work.CanHash).ToList();
        await CollectByHashesAsync(work, hashed, meter, cancellationToken).ConfigureAwait(false);
        await CollectByReadingAsync(work, [.. compared.Except(hashed)], meter, cancellationToken).ConfigureAwait(false);
    }

    private static async Task CollectByHashesAsync(TransferWork work, IReadOnlyList<int> compared, ProgressMeter meter, CancellationToken cancellationToken)
    {
        if (compared.Count == 0)
            return;
        await new HashedComparison(work.Source, work.Destination, meter.Add).RunAsync(
            [.. compared.Select(i => work.Pairs[i])],
            i => new ChangeCollector(work.Changes!, compared[i], work.Pairs[compared[i]], onReset: null),
            (i, result, sum) =>
            {
                work.SourceHashes[compared[i]] = sum;
                work.Totals.Add(result.Comparison);
                return ValueTask.CompletedTask;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task CollectByReadingAsync(TransferWork work, IReadOnlyList<int> compared, ProgressMeter meter, CancellationToken cancellationToken)
    {
        var changes = work.Changes!;
        var readers = Math.Max(1, Math.Min(work.Source.Readers, work.Destination.Readers));
        var pieces = await TableRanges.CutAsync(work.Source, [.. compared.Select(i => work.Pairs[i].Source)], readers, cancellationToken).ConfigureAwait(false);
        var again = new ConcurrentDictionary<int, bool>();
        await SideBySide.ForEachAsync(
            pieces,
            readers,
            (piece, cancel) =>
            {
                var index = compared[piece.Table];
                return CompareAsync(index, piece.Range, () => again[index] = true, cancel);
            },
            cancellationToken).ConfigureAwait(false);

        // Ranges of one table share its changes, so a range that must start over takes the whole table with it.
        foreach (var index in again.Keys)
        {
            changes.Reset(index);
            await CompareAsync(index, null, null, cancellationToken).ConfigureAwait(false);
        }

        async Task CompareAsync(int index, KeyRange? range, Action? onReset, CancellationToken cancel)
        {
            var tablePair = work.Pairs[index];
            var name = tablePair.Source.Name.ToString();
            var collector = new ChangeCollector(changes, index, tablePair, range is null ? null : onReset);
            var result = await TableComparer.CompareAsync(
                work.Source, work.Destination, tablePair, range, collector, sums: false, (rows, bytes) => meter.Add(name, rows, bytes), cancel).ConfigureAwait(false);
            work.Totals.Add(result.Comparison);
        }
    }

    private static async Task CollectByDatabaseAsync(TransferWork work, IReadOnlyList<int> tables, ISidePair pair, ProgressMeter meter, CancellationToken cancellationToken)
    {
        var differing = new ConcurrentDictionary<int, DifferingKeys>();
        await SideBySide.ForEachAsync(
            tables,
            pair.Source.Readers,
            async (index, cancel) =>
            {
                var keys = differing[index] = new DifferingKeys();
                var tablePair = work.Pairs[index];
                var equal = await pair.CompareAsync(
                    tablePair.Source,
                    tablePair.Destination,
                    (kind, batch) =>
                    {
                        keys.Add(kind, batch, MostKeyBytes);
                        return ValueTask.CompletedTask;
                    },
                    cancel).ConfigureAwait(false);
                meter.Add(tablePair.Source.Name.ToString(), equal, 0);
                work.Totals.AddEqual(equal);
            },
            cancellationToken).ConfigureAwait(false);
        await SideBySide.ForEachAsync(
            tables,
            pair.Source.Readers,
            async (index, cancel) =>
            {
                using var keys = differing[index];
                await FetchAsync(work, index, keys, cancel).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task FetchAsync(TransferWork work, int index, DifferingKeys keys, CancellationToken cancellationToken)
    {
        var changes = work.Changes!;
        var (source, destination) = (work.Pairs[index].Source, work.Pairs[index].Destination);
        if (keys.Outgrown)
        {
            changes.Count(index, ChangeKind.Insert, keys.OnlyInSource);
            changes.Count(index, ChangeKind.Update, keys.Different);
            changes.Count(index, ChangeKind.Delete, keys.OnlyInDestination);
            changes.Outgrow(index);
            return;
        }

        foreach (var (kind, batch) in keys.Batches)
        {
            if (!source.HasKey)
            {
                var surplus = kind == RowDifferenceKind.OnlyInSource ? ChangeKind.Insert : ChangeKind.DeleteRow;
                for (var i = 0; i < batch.Count; i++)
                    changes.Add(index, surplus, batch[i]);
                continue;
            }

            if (changes.CountOnly)
            {
                changes.Count(index, kind switch
                {
                    RowDifferenceKind.OnlyInSource => ChangeKind.Insert,
                    RowDifferenceKind.Different => ChangeKind.Update,
                    _ => ChangeKind.Delete,
                }, batch.Count);
                continue;
            }

            await FetchBatchAsync(work, index, source, destination, kind, batch, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task FetchBatchAsync(
        TransferWork work, int index, TableSchema source, TableSchema destination, RowDifferenceKind kind, RowBatch keys, CancellationToken cancellationToken)
    {
        using var theirs = kind == RowDifferenceKind.OnlyInSource
            ? null
            : await KeyMap.ReadAsync(work.Destination, destination, keys, cancellationToken).ConfigureAwait(false);
        using var ours = kind == RowDifferenceKind.OnlyInDestination
            ? null
            : await KeyMap.ReadAsync(work.Source, source, keys, cancellationToken).ConfigureAwait(false);
        Collect(new ChangeCollector(work.Changes!, index, work.Pairs[index], null), kind, keys, ours, theirs);

        static void Collect(ChangeCollector collector, RowDifferenceKind kind, RowBatch keys, KeyMap? ours, KeyMap? theirs)
        {
            for (var i = 0; i < keys.Count; i++)
            {
                ReadOnlySpan<byte> sourceRow = default, destinationRow = default;
                ours?.TryGet(keys[i], out sourceRow);
                theirs?.TryGet(keys[i], out destinationRow);
                collector.Add(kind, sourceRow, destinationRow);
            }
        }
    }

    /// <summary>The keys of one table that the database found to differ, up to a bound.</summary>
    private sealed class DifferingKeys : IDisposable
    {
        private readonly Lock _lock = new();
        private long _bytes;

        public List<(RowDifferenceKind Kind, RowBatch Keys)> Batches { get; } = [];

        public bool Outgrown { get; private set; }

        public long OnlyInSource { get; private set; }

        public long OnlyInDestination { get; private set; }

        public long Different { get; private set; }

        /// <summary>Copies the keys, which stay the caller's.</summary>
        public void Add(RowDifferenceKind kind, RowBatch keys, long limit)
        {
            lock (_lock)
            {
                switch (kind)
                {
                    case RowDifferenceKind.OnlyInSource:
                        OnlyInSource += keys.Count;
                        break;
                    case RowDifferenceKind.OnlyInDestination:
                        OnlyInDestination += keys.Count;
                        break;
                    default:
                        Different += keys.Count;
                        break;
                }

                if (Outgrown)
                    return;
                _bytes += keys.Length;
                if (_bytes > limit)
                {
                    Outgrown = true;
                    Dispose();
                    return;
                }

                Batches.Add((kind, keys.Copy()));
            }
        }

        public void Dispose()
        {
            foreach (var (_, keys) in Batches)
                keys.Dispose();
            Batches.Clear();
        }
    }
}
