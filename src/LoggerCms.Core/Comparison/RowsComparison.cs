using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>
/// Compares tables row by row, as many tables and ranges side by side as there are readers: by hashes where both databases make them, otherwise in the canonical form.
/// </summary>
internal sealed class RowsComparison(ISideSnapshot source, ISideSnapshot destination, DifferenceEmitter emitter, ProgressMeter meter)
{
    private readonly bool _isConsistent = source.IsConsistent && destination.IsConsistent;

    public async Task<IReadOnlyList<TableComparison>> CompareAsync(IReadOnlyList<TablePair> pairs, CancellationToken cancellationToken)
    {
        var hashed = pairs.Where(pair => _isConsistent && HashedComparison.CanCompare(source, destination, pair)).ToList();
        var read = pairs.Except(hashed).ToList();
        var byHash = await CompareHashesAsync(hashed, cancellationToken).ConfigureAwait(false);
        var byRow = await CompareRowsAsync(read, cancellationToken).ConfigureAwait(false);
        meter.End();
        var results = hashed.Zip(byHash).Concat(read.Zip(byRow)).ToDictionary(table => table.First.Name, table => table.Second);
        return [.. pairs.Select(pair => results[pair.Name])];
    }

    private async Task<IReadOnlyList<TableComparison>> CompareHashesAsync(IReadOnlyList<TablePair> pairs, CancellationToken cancellationToken)
    {
        if (pairs.Count == 0)
            return [];
        var results = new TableComparison[pairs.Count];
        var logs = new DifferenceLog?[pairs.Count];
        try
        {
            await new HashedComparison(source, destination, meter.Add).RunAsync(
                pairs,
                index => logs[index] = emitter.IsWanted ? new DifferenceLog(pairs[index]) : null,
                async (index, result, _) =>
                {
                    results[index] = result.Comparison;
                    if (logs[index] is not { } log)
                        return;
                    await emitter.EmitAsync(pairs[index].Source, log, cancellationToken).ConfigureAwait(false);

                    // Not at the end only: a log holds memory and, when it is long, a temporary file.
                    logs[index] = null;
                    log.Dispose();
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            foreach (var log in logs)
                log?.Dispose();
        }

        return results;
    }

    private async Task<IReadOnlyList<TableComparison>> CompareRowsAsync(IReadOnlyList<TablePair> pairs, CancellationToken cancellationToken)
    {
        var readers = Math.Max(1, Math.Min(source.Readers, destination.Readers));
        var pieces = await TableRanges.CutAsync(source, destination, pairs, readers, cancellationToken).ConfigureAwait(false);
        var results = pairs.Select(_ => new List<TableComparisonResult>()).ToArray();
        await SideBySide.ForEachAsync(
            pieces,
            readers,
            async (piece, cancel) =>
            {
                var result = await CompareAsync(pairs[piece.Table], piece.Range, cancel).ConfigureAwait(false);
                lock (results)
                    results[piece.Table].Add(result);
            },
            cancellationToken).ConfigureAwait(false);
        return [.. pairs.Zip(results, (pair, parts) => TableComparisonResult.Combine(pair, parts).Comparison)];
    }

    private async Task<TableComparisonResult> CompareAsync(TablePair pair, KeyRange? range, CancellationToken cancellationToken)
    {
        var name = pair.Name.ToString();
        Action<long, long> onRows = (rows, bytes) => meter.Add(name, rows, bytes);
        using var log = emitter.IsWanted || !_isConsistent ? new DifferenceLog(pair) : null;
        var result = await TableComparer.CompareAsync(source, destination, pair, range, log, sums: false, onRows, cancellationToken).ConfigureAwait(false);
        if (_isConsistent || log is null)
        {
            if (log is not null)
                await emitter.EmitAsync(pair.Source, log, cancellationToken).ConfigureAwait(false);
            return result;
        }

        return await SettleAsync(pair, range, result.Comparison, log, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Without a snapshot: looks at every differing row again, and calls different only what differs twice.</summary>
    private async Task<TableComparisonResult> SettleAsync(
        TablePair pair, KeyRange? range, TableComparison first, DifferenceLog log, CancellationToken cancellationToken)
    {
        using var remaining = new DifferenceLog(pair);
        var counter = new CountingSink(remaining);
        long settled = 0;
        if (pair.Source.HasKey)
        {
            settled = await SecondLook.RepeatAsync(source, destination, pair, log, counter, cancellationToken).ConfigureAwait(false);
        }
        else if (log.Count > 0)
        {
            await TableComparer.CompareAsync(source, destination, pair, range, counter, sums: false, onRows: null, cancellationToken).ConfigureAwait(false);
            settled = Math.Max(0, log.Count - counter.Total);
        }

        await emitter.EmitAsync(pair.Source, remaining, cancellationToken).ConfigureAwait(false);
        return new TableComparisonResult(first with
        {
            Equal = counter.Total > 0 ? false : null,
            RowsOnlyInSource = counter.OnlyInSource,
            RowsOnlyInDestination = counter.OnlyInDestination,
            RowsDifferent = counter.Different,
            RowsSettled = settled,
        });
    }
}

/// <summary>Counts by kind what it passes on.</summary>
internal sealed class CountingSink(IDifferenceSink next) : IDifferenceSink
{
    public long OnlyInSource { get; private set; }

    public long OnlyInDestination { get; private set; }

    public long Different { get; private set; }

    public long Total => OnlyInSource + OnlyInDestination + Different;

    public void Add(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
    {
        switch (kind)
        {
            case RowDifferenceKind.OnlyInSource:
                OnlyInSource++;
                break;
            case RowDifferenceKind.OnlyInDestination:
                OnlyInDestination++;
                break;
            default:
                Different++;
                break;
        }

        next.Add(kind, sourceRow, destinationRow);
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => next.FlushAsync(cancellationToken);

    public void Reset()
    {
        OnlyInSource = OnlyInDestination = Different = 0;
        next.Reset();
    }
}
