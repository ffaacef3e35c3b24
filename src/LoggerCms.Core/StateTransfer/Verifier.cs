using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Proves, inside the transaction that will commit, that the destination is what it should be.</summary>
internal static class Verifier
{
    /// <summary>Reads every row in scope back. Tables with a known sum of the source are summed; the others are compared with the source row by row.</summary>
    /// <returns>The destination's table sums, by table.</returns>
    public static async Task<IReadOnlyList<TableSum>> AllRowsAsync(
        TransferWork work, ISideTransaction transaction, IReadOnlyList<TableSchema> tables, ProgressMeter meter, CancellationToken cancellationToken)
    {
        var sums = new List<TableSum>();
        for (var index = 0; index < tables.Count; index++)
        {
            var name = tables[index].Name.ToString();
            void OnRows(long rows, long bytes) => meter.Add(name, rows, bytes);
            if (work.SourceSums[index] is { } expected)
            {
                var sum = await TableSummer.SumAsync(transaction, tables[index], null, OnRows, cancellationToken).ConfigureAwait(false);
                if (sum != expected)
                    throw Failed($"table {name} sums to {sum.ToHex()} over {sum.Rows} rows, and the source to {expected.ToHex()} over {expected.Rows}");
                sums.Add(sum);
                continue;
            }

            var first = new FirstDifference(tables[index]);
            var source = work.Pair is null || transaction is not IPairedTransaction paired ? work.Source : paired.Source;
            var result = await TableComparer.CompareAsync(
                source, transaction, new TablePair(work.Pairs[index].Source, tables[index]), null, first, sums: true, OnRows, cancellationToken).ConfigureAwait(false);
            if (result.Comparison.Equal != true)
                throw Failed($"table {name} differs, first at {first.Text}");
            sums.Add(result.DestinationSum!.Value);
        }

        return sums;
    }

    /// <summary>Reads the rows that were sent back, and looks that those that were to go are gone.</summary>
    public static async Task ChangedRowsAsync(
        IChangeSource changes, ISideTransaction transaction, IReadOnlyList<TableSchema> tables, Func<int, TableOutcome?> expected, CancellationToken cancellationToken)
    {
        for (var index = 0; index < tables.Count; index++)
        {
            var table = tables[index];
            if (!changes.Tables[index].Any)
                continue;
            if (changes.Tables[index].Whole || !table.HasKey)
            {
                // Rows without a key cannot be found again one by one; where no sum is known, the count of each write was checked.
                if (expected(index) is { Sum: not null } whole)
                    await CheckWholeAsync(table, transaction, whole, cancellationToken).ConfigureAwait(false);
                continue;
            }

            foreach (var kind in new[] { ChangeKind.Delete, ChangeKind.Remove, ChangeKind.Update, ChangeKind.Put, ChangeKind.Insert })
            {
                await foreach (var batch in changes.ReadAsync(index, kind, cancellationToken).ConfigureAwait(false))
                {
                    using (batch)
                        await CheckAsync(table, batch, transaction, cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>Compares every table that was changed by the database itself (two SQLite files in one process).</summary>
    public static async Task ByDatabaseAsync(
        TransferWork work, IPairedTransaction transaction, IReadOnlyList<TableSchema> tables, Func<int, bool> which, CancellationToken cancellationToken)
    {
        for (var index = 0; index < tables.Count; index++)
        {
            if (!which(index))
                continue;
            if (!await transaction.IsEqualAsync(work.Pairs[index].Source, tables[index], cancellationToken).ConfigureAwait(false))
                throw Failed($"table {tables[index].Name} differs");
        }
    }

    /// <summary>Compares every table by the hashes that both databases make of its rows; the destination's are made inside the transaction.</summary>
    /// <returns>The source's sums, by table.</returns>
    public static async Task<IReadOnlyList<TableSum>> ByHashesAsync(
        TransferWork work, IRowHasher transaction, IReadOnlyList<TableSchema> tables, ProgressMeter meter, CancellationToken cancellationToken)
    {
        var sums = new List<TableSum>();
        for (var index = 0; index < tables.Count; index++)
        {
            var (source, destination) = (work.Pairs[index].Source, tables[index]);
            var name = destination.Name.ToString();
            var known = work.SourceHashes[index] is { } sum
                ? Task.FromResult(sum)
                : HashedComparison.SumAsync((IRowHasher)work.Source, source, onRows: null, cancellationToken);
            TableSum now;
            try
            {
                now = await HashedComparison.SumAsync(transaction, destination, (rows, bytes) => meter.Add(name, rows, bytes), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                // The source's snapshot must not be closed while it is read.
                await ((Task)known).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            var expected = await known.ConfigureAwait(false);
            if (now != expected)
                throw Failed($"the hashes of table {name} sum to {now.ToHex()} over {now.Rows} rows, and the source's to {expected.ToHex()} over {expected.Rows}");
            sums.Add(now);
        }

        return sums;
    }

    private static async Task CheckWholeAsync(TableSchema table, ISideTransaction transaction, TableOutcome expected, CancellationToken cancellationToken)
    {
        var sum = await TableSummer.SumAsync(transaction, table, null, null, cancellationToken).ConfigureAwait(false);
        if (sum.Rows != expected.Rows || sum.ToHex() != expected.Sum)
            throw Failed($"table {table.Name} sums to {sum.ToHex()} over {sum.Rows} rows, and what was sent to {expected.Sum} over {expected.Rows}");
    }

    private static async Task CheckAsync(TableSchema table, ChangeBatch batch, ISideTransaction transaction, CancellationToken cancellationToken)
    {
        var gone = batch.Kind is ChangeKind.Delete or ChangeKind.Remove;
        using var keys = gone ? batch.Rows.Copy() : KeyMap.KeysOf(table, batch.Rows);
        using var now = await KeyMap.ReadAsync(transaction, table, keys, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < keys.Count; i++)
        {
            var there = now.TryGet(keys[i], out var row);
            if (gone ? there : !there || !row.SequenceEqual(batch.Rows[i]))
                throw Failed($"table {table.Name}, {KeyText.Of(table, keys[i])} is not as it was sent");
        }
    }

    private static LoggerCmsException Failed(string what) => new(
        ErrorCodes.VerificationFailed,
        $"After applying, {what}. Everything was rolled back; the destination is as it was.",
        "Run Compare-SideState -Detailed; look for rules on the destination that change what is written, and start again.");

    private sealed class FirstDifference(TableSchema table) : IDifferenceSink
    {
        public string? Text { get; private set; }

        public void Add(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
            => Text ??= $"{KeyText.OfRow(table, sourceRow.IsEmpty ? destinationRow : sourceRow)} ({kind})";

        public void Reset() => Text = null;

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
