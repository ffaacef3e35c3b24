using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>
/// Pairs rows by the hash of their canonical key, whatever order they come in; rows of a table without a key as a multiset, by the hash of the row.
/// </summary>
/// <remarks>
/// One pass over each side keeps hashes only, parted so that one part fits in memory. Rows that differ are fetched in further passes,
/// a bounded number at a time, and only where somebody wants them.
/// </remarks>
internal sealed class HashPairing
{
    private const int KeyedRecord = 2 * RowKeys.HashSize;

    private readonly IRowReader _source;
    private readonly IRowReader _destination;
    private readonly TablePair _pair;
    private readonly KeyRange? _range;
    private readonly IDifferenceSink? _sink;
    private readonly Action<long, long>? _onRows;
    private readonly HashPairingLimits _limits;
    private readonly ComparisonTally _tally;
    private readonly Dictionary<UInt256, Surplus> _differences = [];

    private HashPairing(
        IRowReader source,
        IRowReader destination,
        TablePair pair,
        KeyRange? range,
        IDifferenceSink? sink,
        bool sums,
        Action<long, long>? onRows,
        HashPairingLimits limits)
    {
        _source = source;
        _destination = destination;
        _pair = pair;
        _range = range;
        _sink = sink;
        _onRows = onRows;
        _limits = limits;
        _tally = new ComparisonTally(pair, sums);
    }

    private bool HasKey => _pair.Source.HasKey;

    public static async Task<TableComparisonResult> CompareAsync(
        IRowReader source,
        IRowReader destination,
        TablePair pair,
        KeyRange? range,
        IDifferenceSink? sink,
        bool sums,
        Action<long, long>? onRows,
        CancellationToken cancellationToken,
        HashPairingLimits? limits = null)
    {
        var pairing = new HashPairing(source, destination, pair, range, sink, sums, onRows, limits ?? new HashPairingLimits());
        await pairing.RunAsync(cancellationToken).ConfigureAwait(false);
        return pairing._tally.ToResult(pair.Source.HasKey ? TableComparisonResult.ByKeyHash : TableComparisonResult.ByMultiset);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ours = new HashPartitions(HasKey ? KeyedRecord : RowKeys.HashSize);
        using var theirs = new HashPartitions(HasKey ? KeyedRecord : RowKeys.HashSize);
        var sums = await Task.WhenAll(
            PartAsync(_source, _pair.Source, ours, cancellationToken),
            PartAsync(_destination, _pair.Destination, theirs, cancellationToken)).ConfigureAwait(false);
        (_tally.SourceSum, _tally.DestinationSum) = (sums[0], sums[1]);

        var rows = new Dictionary<UInt256, Pairing>();
        for (var part = 0; part < HashPartitions.Count; part++)
        {
            // A part that is too large for memory is gone through several times, a slice of its hashes each time.
            var slices = 1;
            while ((ours.Records(part) + theirs.Records(part)) / slices > _limits.RecordsAtOnce && slices < HashPartitions.Count)
                slices *= 2;
            for (var slice = 0; slice < slices; slice++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                rows.Clear();
                if (HasKey)
                    PairByKey(ours, theirs, part, slice, slices - 1, rows);
                else
                    PairByRow(ours, theirs, part, slice, slices - 1, rows);
                if (_differences.Count >= _limits.DifferencesAtOnce)
                    await FetchAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await FetchAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<TableSum> PartAsync(IRowReader reader, TableSchema table, HashPartitions parts, CancellationToken cancellationToken)
    {
        var sum = default(TableSum);
        var keys = new KeyReader(table);
        var misfits = new RowMisfits(table);
        var record = new byte[HasKey ? KeyedRecord : RowKeys.HashSize];
        var rowHash = record.AsMemory(HasKey ? RowKeys.HashSize : 0);
        await foreach (var batch in reader.ReadAsync(new RowQuery(table, Range: _range), cancellationToken).ConfigureAwait(false))
        {
            using (batch)
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    var row = batch[i];
                    RowKeys.Hash(row, rowHash.Span);
                    if (HasKey)
                        RowKeys.Hash(keys.Read(row), record);
                    parts.Add(record);
                    if (!_tally.Sums)
                        continue;
                    sum.Add(rowHash.Span, row.Length);
                    sum.Misfits += misfits.Count(row);
                }

                _onRows?.Invoke(batch.Count, batch.Bytes.Length);
            }
        }

        return sum;
    }

    private void PairByKey(HashPartitions ours, HashPartitions theirs, int part, int slice, int mask, Dictionary<UInt256, Pairing> rows)
    {
        foreach (var block in ours.Read(part))
        {
            for (var at = 0; at < block.Length; at += KeyedRecord)
            {
                var record = block.Span.Slice(at, KeyedRecord);
                if ((record[1] & mask) == slice && !rows.TryAdd(UInt256.Read(record), new Pairing(UInt256.Read(record[RowKeys.HashSize..]), Place.Source)))
                    throw DuplicateKey.Unnamed(_pair.Source);
            }
        }

        foreach (var block in theirs.Read(part))
        {
            for (var at = 0; at < block.Length; at += KeyedRecord)
            {
                var record = block.Span.Slice(at, KeyedRecord);
                if ((record[1] & mask) == slice)
                    PairWithSource(UInt256.Read(record), UInt256.Read(record[RowKeys.HashSize..]), rows);
            }
        }

        foreach (var (key, pairing) in rows)
        {
            if (pairing.Place != Place.Source)
                continue;
            _tally.OnlyInSource++;
            Keep(key, new Surplus(RowDifferenceKind.OnlyInSource, 1));
        }
    }

    private void PairWithSource(UInt256 key, UInt256 row, Dictionary<UInt256, Pairing> rows)
    {
        if (!rows.TryGetValue(key, out var pairing))
        {
            rows.Add(key, new Pairing(row, Place.Destination));
            _tally.OnlyInDestination++;
            Keep(key, new Surplus(RowDifferenceKind.OnlyInDestination, 1));
            return;
        }

        if (pairing.Place != Place.Source)
            throw DuplicateKey.Unnamed(_pair.Destination);
        rows[key] = pairing with { Place = Place.Both };
        if (pairing.Row == row)
        {
            _tally.Equal++;
            return;
        }

        _tally.Different++;
        Keep(key, new Surplus(RowDifferenceKind.Different, 1));
    }

    private void PairByRow(HashPartitions ours, HashPartitions theirs, int part, int slice, int mask, Dictionary<UInt256, Pairing> rows)
    {
        foreach (var block in ours.Read(part))
        {
            for (var at = 0; at < block.Length; at += RowKeys.HashSize)
            {
                var record = block.Span.Slice(at, RowKeys.HashSize);
                if ((record[1] & mask) == slice)
                    Count(rows, UInt256.Read(record), 1);
            }
        }

        foreach (var block in theirs.Read(part))
        {
            for (var at = 0; at < block.Length; at += RowKeys.HashSize)
            {
                var record = block.Span.Slice(at, RowKeys.HashSize);
                if ((record[1] & mask) == slice && Count(rows, UInt256.Read(record), -1) >= 0)
                    _tally.Equal++;
            }
        }

        foreach (var (row, pairing) in rows)
        {
            if (pairing.Copies > 0)
            {
                _tally.OnlyInSource += pairing.Copies;
                Keep(row, new Surplus(RowDifferenceKind.OnlyInSource, pairing.Copies));
            }
            else if (pairing.Copies < 0)
            {
                _tally.OnlyInDestination -= pairing.Copies;
                Keep(row, new Surplus(RowDifferenceKind.OnlyInDestination, -pairing.Copies));
            }
        }
    }

    private static long Count(Dictionary<UInt256, Pairing> rows, UInt256 row, int change)
    {
        var copies = (rows.TryGetValue(row, out var pairing) ? pairing.Copies : 0) + change;
        rows[row] = new Pairing(default, Place.Both, copies);
        return copies;
    }

    private void Keep(UInt256 hash, Surplus surplus)
    {
        if (_sink is not null)
            _differences.Add(hash, surplus);
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        if (_sink is null || _differences.Count == 0)
            return;
        await new HashedRows(_source, _destination, _pair, _range, _sink, _differences).FetchAsync(cancellationToken).ConfigureAwait(false);
        _differences.Clear();
    }

    private enum Place : byte
    {
        Source,
        Destination,
        Both,
    }

    private readonly record struct Pairing(UInt256 Row, Place Place, long Copies = 0);
}

/// <summary>What one piece of work may hold in memory: together about 40 MB.</summary>
internal sealed record HashPairingLimits(int RecordsAtOnce = 200_000, int DifferencesAtOnce = 200_000);

/// <summary>How many rows of one hash differ, and how.</summary>
internal readonly record struct Surplus(RowDifferenceKind Kind, long Copies);
