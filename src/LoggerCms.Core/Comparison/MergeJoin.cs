using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>
/// Compares two streams that both come in the order of <see cref="CanonicalOrder"/>. Rows that are equal to the byte pass in runs, without a look at their keys.
/// </summary>
/// <remarks>
/// Equal rows at equal places pair rightly in whatever order they come, so a stream's order is proven only from the first difference on:
/// what is left of both streams must then ascend strictly, or the join says that it cannot answer.
/// </remarks>
internal sealed class MergeJoin
{
    private readonly BatchCursor _source;
    private readonly BatchCursor _destination;
    private readonly TablePair _pair;
    private readonly IDifferenceSink? _sink;
    private readonly ComparisonTally _tally;
    private readonly KeyReader _sourceKeys;
    private readonly KeyReader _destinationKeys;
    private readonly RowMisfits _misfits;
    private readonly KeyOrder[] _orders;
    private KeptKey _lastSource;
    private KeptKey _lastDestination;
    private bool _differed;

    public MergeJoin(BatchCursor source, BatchCursor destination, TablePair pair, IDifferenceSink? sink, ComparisonTally tally)
    {
        _source = source;
        _destination = destination;
        _pair = pair;
        _sink = sink;
        _tally = tally;
        _sourceKeys = new KeyReader(pair.Source);
        _destinationKeys = new KeyReader(pair.Destination);
        _misfits = new RowMisfits(pair.Source);
        _orders = [.. pair.Source.Key.Select(key => pair.Source.Columns[key].KeyOrder)];
    }

    /// <summary>True where both sides deliver the key in one order.</summary>
    public static bool CanJoin(TablePair pair)
        => pair.Source.KeyIsOrderable && pair.Destination.KeyIsOrderable
            && pair.Source.Key.Select(key => pair.Source.Columns[key].KeyOrder)
                .SequenceEqual(pair.Destination.Key.Select(key => pair.Destination.Columns[key].KeyOrder));

    /// <summary>False when a stream did not ascend: then nothing that was counted or reported holds.</summary>
    public async Task<bool> RunAsync(Action<long, long>? onRows, CancellationToken cancellationToken)
    {
        while (true)
        {
            await FillAsync().ConfigureAwait(false);
            if (_source.Ended && _destination.Ended)
                return true;
            cancellationToken.ThrowIfCancellationRequested();
            var (rows, bytes) = Pending();
            if (!(_source.Ended ? DrainDestination() : _destination.Ended ? DrainSource() : Join()))
                return false;
            if (onRows is not null)
            {
                var (rowsLeft, bytesLeft) = Pending();
                onRows(rows - rowsLeft, bytes - bytesLeft);
            }

            if (_sink is not null && _differed)
                await _sink.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task FillAsync()
    {
        if (_source.NeedsBatch && _destination.NeedsBatch)
            await Task.WhenAll(_source.FillAsync(), _destination.FillAsync()).ConfigureAwait(false);
        else if (_source.NeedsBatch)
            await _source.FillAsync().ConfigureAwait(false);
        else if (_destination.NeedsBatch)
            await _destination.FillAsync().ConfigureAwait(false);
    }

    private (long Rows, long Bytes) Pending() => (_source.RowsLeft + _destination.RowsLeft, _source.BytesLeft + _destination.BytesLeft);

    private bool Join()
    {
        while (_source.HasRow && _destination.HasRow)
        {
            if (!PassEqualRows())
                return false;
            if (!_source.HasRow || !_destination.HasRow)
                return true;
            _differed = true;
            ReadOnlySpan<byte> sourceRow = _source.Row, destinationRow = _destination.Row;
            ReadOnlySpan<byte> sourceKey = _sourceKeys.Read(sourceRow), destinationKey = _destinationKeys.Read(destinationRow);
            var order = CanonicalOrder.Compare(sourceKey, destinationKey, _orders);
            if (order < 0)
            {
                if (!TakeSource(sourceRow, sourceKey))
                    return false;
            }
            else if (order > 0)
            {
                if (!TakeDestination(destinationRow, destinationKey))
                    return false;
            }
            else if (sourceKey.SequenceEqual(destinationKey))
            {
                if (!Ascends(ref _lastSource, sourceKey, _pair.Source) || !Ascends(ref _lastDestination, destinationKey, _pair.Destination))
                    return false;
                CountSource(sourceRow);
                CountDestination(destinationRow);
                _tally.Different++;
                _sink?.Add(RowDifferenceKind.Different, sourceRow, destinationRow);
                _source.Index++;
                _destination.Index++;
            }
            else if (!TakeSource(sourceRow, sourceKey) || !TakeDestination(destinationRow, destinationKey))
            {
                // Keys of one value in different bytes (1.0 and 1.00, two offsets of one instant) are different keys.
                return false;
            }
        }

        return true;
    }

    /// <summary>Passes rows that are equal to the byte on both sides; false when they do not ascend and that matters.</summary>
    private bool PassEqualRows()
    {
        ReadOnlySpan<byte> ours = _source.Batch.From(_source.Index), theirs = _destination.Batch.From(_destination.Index);
        var common = ours.CommonPrefixLength(theirs);
        var at = 0;
        while (_source.HasRow && _destination.HasRow)
        {
            var row = _source.Row;
            if (at + row.Length > common || _destination.Row.Length != row.Length)
                return true;
            if (_differed)
            {
                var key = _sourceKeys.Read(row);
                if (!Ascends(ref _lastSource, key, _pair.Source) || !Ascends(ref _lastDestination, key, _pair.Destination))
                    return false;
            }

            if (_tally.Sums)
                SumEqual(row);
            at += row.Length;
            _tally.Equal++;
            _source.Index++;
            _destination.Index++;
        }

        return true;
    }

    private bool DrainSource()
    {
        _differed = true;
        while (_source.HasRow)
        {
            var row = _source.Row;
            if (!TakeSource(row, _sourceKeys.Read(row)))
                return false;
        }

        return true;
    }

    private bool DrainDestination()
    {
        _differed = true;
        while (_destination.HasRow)
        {
            var row = _destination.Row;
            if (!TakeDestination(row, _destinationKeys.Read(row)))
                return false;
        }

        return true;
    }

    private bool TakeSource(ReadOnlySpan<byte> row, ReadOnlySpan<byte> key)
    {
        if (!Ascends(ref _lastSource, key, _pair.Source))
            return false;
        CountSource(row);
        _tally.OnlyInSource++;
        _sink?.Add(RowDifferenceKind.OnlyInSource, row, default);
        _source.Index++;
        return true;
    }

    private bool TakeDestination(ReadOnlySpan<byte> row, ReadOnlySpan<byte> key)
    {
        if (!Ascends(ref _lastDestination, key, _pair.Destination))
            return false;
        CountDestination(row);
        _tally.OnlyInDestination++;
        _sink?.Add(RowDifferenceKind.OnlyInDestination, default, row);
        _destination.Index++;
        return true;
    }

    private bool Ascends(ref KeptKey last, ReadOnlySpan<byte> key, TableSchema table)
    {
        if (last.IsSet)
        {
            if (CanonicalOrder.Compare(last.Span, key, _orders) >= 0)
            {
                if (last.Span.SequenceEqual(key))
                    throw DuplicateKey.In(table, key);
                return false;
            }
        }

        last.Set(key);
        return true;
    }

    private void SumEqual(ReadOnlySpan<byte> row)
    {
        Span<byte> hash = stackalloc byte[RowKeys.HashSize];
        RowKeys.Hash(row, hash);
        var misfits = _misfits.Count(row);
        _tally.SourceSum.Add(hash, row.Length);
        _tally.SourceSum.Misfits += misfits;
        _tally.DestinationSum.Add(hash, row.Length);
        _tally.DestinationSum.Misfits += misfits;
    }

    private void CountSource(ReadOnlySpan<byte> row)
    {
        if (!_tally.Sums)
            return;
        _tally.SourceSum.Add(row);
        _tally.SourceSum.Misfits += _misfits.Count(row);
    }

    private void CountDestination(ReadOnlySpan<byte> row)
    {
        if (!_tally.Sums)
            return;
        _tally.DestinationSum.Add(row);
        _tally.DestinationSum.Misfits += _misfits.Count(row);
    }
}
