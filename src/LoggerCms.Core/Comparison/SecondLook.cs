using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Reads the rows of kept differences again, by key.</summary>
internal static class SecondLook
{
    private const int KeysAtFirst = 4;
    private const int KeysAtMost = 500;

    /// <summary>Of both sides together, judged by the rows before: very large values are fetched a few at a time.</summary>
    private const long BytesAtOnce = 16 * 1024 * 1024;

    /// <summary>
    /// Compares each row once more and adds what still differs, with its columns, to <paramref name="remaining"/>; returns how many rows no longer differ.
    /// </summary>
    public static async Task<long> RepeatAsync(
        IRowReader source, IRowReader destination, TablePair pair, DifferenceLog differences, IDifferenceSink remaining, CancellationToken cancellationToken)
    {
        long settled = 0;
        var atOnce = KeysAtFirst;
        using var keys = new RowBatch();
        foreach (var batch in differences.Read())
        {
            for (var i = 0; i < batch.Count; i++)
            {
                keys.Add(KeptDifference.Parse(batch[i]).Key);
                if (keys.Count < atOnce && i < batch.Count - 1)
                    continue;
                var reads = await Task.WhenAll(
                    KeyedRows.ReadAsync(source, pair.Source, keys, cancellationToken),
                    KeyedRows.ReadAsync(destination, pair.Destination, keys, cancellationToken)).ConfigureAwait(false);
                settled += Report(reads[0], reads[1], keys, remaining);
                await remaining.FlushAsync(cancellationToken).ConfigureAwait(false);
                atOnce = (int)Math.Clamp(BytesAtOnce * keys.Count / Math.Max(1, reads[0].Bytes + reads[1].Bytes), 1, KeysAtMost);
                keys.Clear();
            }
        }

        return settled;
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
