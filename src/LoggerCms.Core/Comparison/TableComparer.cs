using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Compares one table of two readers, row by row in the canonical form. Changes neither side.</summary>
public static class TableComparer
{
    /// <param name="source">A reader of the source.</param>
    /// <param name="destination">A reader of the destination.</param>
    /// <param name="pair">The table on both sides, with corresponding logical schemas.</param>
    /// <param name="range">A part of the table, the same on both sides; null for all of it.</param>
    /// <param name="sink">Receives the rows that differ, or null where only their number matters.</param>
    /// <param name="sums">Whether to sum both sides on the way.</param>
    /// <param name="onRows">Told rows and bytes read since the last call, of both sides together.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="LoggerCmsException">KeyNotUnique, and whatever the readers throw.</exception>
    public static async Task<TableComparisonResult> CompareAsync(
        IRowReader source,
        IRowReader destination,
        TablePair pair,
        KeyRange? range,
        IDifferenceSink? sink,
        bool sums,
        Action<long, long>? onRows,
        CancellationToken cancellationToken)
    {
        if (MergeJoin.CanJoin(pair))
        {
            var tally = new ComparisonTally(pair, sums);
            if (await JoinAsync(source, destination, pair, range, sink, tally, onRows, cancellationToken).ConfigureAwait(false))
                return tally.ToResult(TableComparisonResult.ByKey);
            sink?.Reset();
        }

        return await HashPairing.CompareAsync(source, destination, pair, range, sink, sums, onRows, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<bool> JoinAsync(
        IRowReader source,
        IRowReader destination,
        TablePair pair,
        KeyRange? range,
        IDifferenceSink? sink,
        ComparisonTally tally,
        Action<long, long>? onRows,
        CancellationToken cancellationToken)
    {
        var left = new BatchCursor(source.ReadAsync(new RowQuery(pair.Source, Ordered: true, range), cancellationToken), cancellationToken);
        await using (left.ConfigureAwait(false))
        {
            var right = new BatchCursor(destination.ReadAsync(new RowQuery(pair.Destination, Ordered: true, range), cancellationToken), cancellationToken);
            await using (right.ConfigureAwait(false))
                return await new MergeJoin(left, right, pair, sink, tally).RunAsync(onRows, cancellationToken).ConfigureAwait(false);
        }
    }
}
