using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>
/// Pairs rows by the hash of their canonical key, whatever order they come in; rows of a table without a key as a multiset.
/// </summary>
internal static class HashPairing
{
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
        var tally = new ComparisonTally(pair, sums);
        var rows = new Dictionary<string, List<byte[]>>(StringComparer.Ordinal);
        await foreach (var batch in source.ReadAsync(new RowQuery(pair.Source, Range: range), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                onRows?.Invoke(batch.Count, batch.Length);
                for (var i = 0; i < batch.Count; i++)
                {
                    if (sums)
                        tally.SourceSum.Add(batch[i]);
                    var key = Key(pair.Source, batch[i]);
                    if (!rows.TryGetValue(key, out var same))
                        rows.Add(key, same = []);
                    else if (pair.Source.HasKey)
                        throw DuplicateKey.In(pair.Source, new KeyReader(pair.Source).Read(batch[i]));
                    same.Add(batch[i].ToArray());
                }
            }
        }

        await foreach (var batch in destination.ReadAsync(new RowQuery(pair.Destination, Range: range), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                onRows?.Invoke(batch.Count, batch.Length);
                for (var i = 0; i < batch.Count; i++)
                {
                    if (sums)
                        tally.DestinationSum.Add(batch[i]);
                    if (!rows.TryGetValue(Key(pair.Destination, batch[i]), out var same) || same.Count == 0)
                    {
                        tally.OnlyInDestination++;
                        sink?.Add(RowDifferenceKind.OnlyInDestination, default, batch[i]);
                        continue;
                    }

                    var other = same[^1];
                    same.RemoveAt(same.Count - 1);
                    if (batch[i].SequenceEqual(other))
                    {
                        tally.Equal++;
                        continue;
                    }

                    tally.Different++;
                    sink?.Add(RowDifferenceKind.Different, other, batch[i]);
                }
            }

            if (sink is not null)
                await sink.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        foreach (var row in rows.Values.SelectMany(same => same))
        {
            tally.OnlyInSource++;
            sink?.Add(RowDifferenceKind.OnlyInSource, row, default);
        }

        if (sink is not null)
            await sink.FlushAsync(cancellationToken).ConfigureAwait(false);
        return tally.ToResult(pair.Source.HasKey ? TableComparisonResult.ByKeyHash : TableComparisonResult.ByMultiset);
    }

    private static string Key(TableSchema table, ReadOnlySpan<byte> row)
    {
        Span<byte> hash = stackalloc byte[RowKeys.HashSize];
        RowKeys.Hash(table.HasKey ? new KeyReader(table).Read(row) : row, hash);
        return Convert.ToHexString(hash);
    }
}
