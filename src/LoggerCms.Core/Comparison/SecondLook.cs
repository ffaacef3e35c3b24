using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Reads the rows of kept differences again, by key.</summary>
internal static class SecondLook
{
    private const int KeysAtOnce = 500;

    /// <summary>
    /// Compares each row once more and adds what still differs, with its columns, to <paramref name="remaining"/>; returns how many rows no longer differ.
    /// </summary>
    public static async Task<long> RepeatAsync(
        IRowReader source, IRowReader destination, TablePair pair, DifferenceLog differences, IDifferenceSink remaining, CancellationToken cancellationToken)
    {
        long settled = 0;
        using var keys = new RowBatch();
        foreach (var batch in differences.Read())
        {
            for (var i = 0; i < batch.Count; i++)
            {
                keys.Add(KeptDifference.Parse(batch[i]).Key);
                if (keys.Count < KeysAtOnce && i < batch.Count - 1)
                    continue;
                settled += await RepeatAsync(source, destination, pair, keys, remaining, cancellationToken).ConfigureAwait(false);
                keys.Clear();
            }
        }

        return settled;
    }

    /// <summary>Adds the difference of each of these keys to <paramref name="sink"/>; returns how many have none.</summary>
    public static async Task<long> RepeatAsync(
        IRowReader source, IRowReader destination, TablePair pair, RowBatch keys, IDifferenceSink sink, CancellationToken cancellationToken)
    {
        var reads = await Task.WhenAll(
            KeyedRows.ReadAsync(source, pair.Source, keys, cancellationToken),
            KeyedRows.ReadAsync(destination, pair.Destination, keys, cancellationToken)).ConfigureAwait(false);
        var equal = Report(reads[0], reads[1], keys, sink);
        await sink.FlushAsync(cancellationToken).ConfigureAwait(false);
        return equal;
    }

    private static long Report(KeyedRows source, KeyedRows destination, RowBatch keys, IDifferenceSink sink)
    {
        long equal = 0;
        for (var i = 0; i < keys.Count; i++)
        {
            ReadOnlySpan<byte> ours = source.Find(keys[i]), theirs = destination.Find(keys[i]);
            if (ours.SequenceEqual(theirs))
                equal++;
            else if (theirs.IsEmpty)
                sink.Add(RowDifferenceKind.OnlyInSource, ours, theirs);
            else if (ours.IsEmpty)
                sink.Add(RowDifferenceKind.OnlyInDestination, ours, theirs);
            else
                sink.Add(RowDifferenceKind.Different, ours, theirs);
        }

        return equal;
    }
}
