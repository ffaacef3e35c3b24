using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Fetches the rows of which only hashes are known, by a pass over the side that has them.</summary>
internal sealed class HashedRows(
    IRowReader source, IRowReader destination, TablePair pair, KeyRange? range, IDifferenceSink sink, Dictionary<UInt256, Surplus> differences)
{
    private const int RowsAtOnce = 500;
    private const int BytesAtOnce = 1024 * 1024;

    public async Task FetchAsync(CancellationToken cancellationToken)
    {
        if (differences.Values.Any(surplus => surplus.Kind != RowDifferenceKind.OnlyInDestination))
            await FetchFromSourceAsync(cancellationToken).ConfigureAwait(false);
        if (differences.Values.Any(surplus => surplus.Kind == RowDifferenceKind.OnlyInDestination))
            await FetchFromDestinationAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task FetchFromSourceAsync(CancellationToken cancellationToken)
    {
        using var changed = new RowBatch();
        var keys = new KeyReader(pair.Source);
        await foreach (var batch in source.ReadAsync(new RowQuery(pair.Source, Range: range), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    switch (Take(keys, pair.Source, batch[i], RowDifferenceKind.OnlyInDestination))
                    {
                        case RowDifferenceKind.OnlyInSource:
                            sink.Add(RowDifferenceKind.OnlyInSource, batch[i], default);
                            break;
                        case RowDifferenceKind.Different:
                            changed.Add(batch[i]);
                            if (changed.Count >= RowsAtOnce || changed.Length >= BytesAtOnce)
                                await AddChangedAsync(keys, changed, cancellationToken).ConfigureAwait(false);
                            break;
                    }
                }
            }

            await sink.FlushAsync(cancellationToken).ConfigureAwait(false);
        }

        await AddChangedAsync(keys, changed, cancellationToken).ConfigureAwait(false);
    }

    private async Task FetchFromDestinationAsync(CancellationToken cancellationToken)
    {
        var keys = new KeyReader(pair.Destination);
        await foreach (var batch in destination.ReadAsync(new RowQuery(pair.Destination, Range: range), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    if (Take(keys, pair.Destination, batch[i], RowDifferenceKind.OnlyInSource) == RowDifferenceKind.OnlyInDestination)
                        sink.Add(RowDifferenceKind.OnlyInDestination, default, batch[i]);
                }
            }

            await sink.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>How the row differs, if it does and is not of the other side; counts it as fetched.</summary>
    private RowDifferenceKind? Take(KeyReader keys, TableSchema table, ReadOnlySpan<byte> row, RowDifferenceKind otherSide)
    {
        Span<byte> hash = stackalloc byte[RowKeys.HashSize];
        RowKeys.Hash(table.HasKey ? keys.Read(row) : row, hash);
        var key = UInt256.Read(hash);
        if (!differences.TryGetValue(key, out var surplus) || surplus.Copies == 0 || surplus.Kind == otherSide)
            return null;
        if (surplus.Kind != RowDifferenceKind.Different)
            differences[key] = surplus with { Copies = surplus.Copies - 1 };
        return surplus.Kind;
    }

    private async Task AddChangedAsync(KeyReader keyReader, RowBatch rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
            return;
        using var keys = new RowBatch();
        for (var i = 0; i < rows.Count; i++)
            keys.Add(keyReader.Read(rows[i]));
        var others = await KeyedRows.ReadAsync(destination, pair.Destination, keys, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < rows.Count; i++)
        {
            // Without a snapshot the other row may be gone by now.
            var other = others.Find(keys[i]);
            sink.Add(other.IsEmpty ? RowDifferenceKind.OnlyInSource : RowDifferenceKind.Different, rows[i], other);
        }

        rows.Clear();
        await sink.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
