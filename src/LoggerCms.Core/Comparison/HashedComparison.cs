using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>
/// Compares tables by the hashes that each side's database makes of its rows. Rows whose hashes find no like are fetched and compared in the canonical form;
/// all others are equal to the byte.
/// </summary>
/// <param name="source">A snapshot that implements <see cref="IRowHasher"/>.</param>
/// <param name="destination">Another.</param>
/// <param name="onRows">Told which table, how many rows and how many bytes were read.</param>
internal sealed class HashedComparison(ISideSnapshot source, ISideSnapshot destination, Action<string, long, long>? onRows)
{
    /// <summary>Hashes that are held in memory while two sides of a table are matched.</summary>
    private const int RecordsAtOnce = 200_000;

    /// <summary>Rows that differ are fetched one place at a time; where more than this part of a table does, reading all of it is cheaper.</summary>
    private const int WorthFetching = 4;

    private const long AlwaysWorthFetching = 50_000;

    /// <summary>Places are held in memory: 16 MB.</summary>
    private const long MostPlaces = 2_000_000;

    private readonly IRowHasher _source = (IRowHasher)source;
    private readonly IRowHasher _destination = (IRowHasher)destination;
    private readonly SemaphoreSlim _reading = new(1, 1);

    /// <summary>True where both sides' databases hash the table alike.</summary>
    public static bool CanCompare(IRowReader source, IRowReader destination, TablePair pair)
        => source is IRowHasher ours && destination is IRowHasher theirs
            && ours.GetHashForm(pair.Source) is { } form && form == theirs.GetHashForm(pair.Destination);

    /// <summary>The sum of a table's row hashes as its database makes them.</summary>
    public static async Task<TableSum> SumAsync(IRowHasher reader, TableSchema table, Action<long, long>? onRows, CancellationToken cancellationToken)
    {
        var sum = default(TableSum);
        foreach (var range in await reader.CutPlacesAsync(table, cancellationToken).ConfigureAwait(false))
        {
            using var hashes = await reader.HashAsync(table, range, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < hashes.Rows; i++)
                sum.Add(hashes[i][..RowKeys.HashSize], 0);
            onRows?.Invoke(hashes.Rows, hashes.BytesRead);
        }

        return sum;
    }

    /// <summary>Hashes all tables, both sides at the same time and each with as many readers as it has; a table is settled as soon as both of its sides are there.</summary>
    /// <param name="pairs">Tables for which <see cref="CanCompare"/> holds.</param>
    /// <param name="sink">Where differing rows of a table go; null where only their number matters.</param>
    /// <param name="settled">Told how a table compares, and the sum of the source's hashes.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task RunAsync(
        IReadOnlyList<TablePair> pairs, Func<int, IDifferenceSink?> sink, Func<int, TableComparisonResult, TableSum, ValueTask> settled, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var cuts = await Task.WhenAll(
            CutAsync(_source, pairs.Select(pair => pair.Source), cancellationToken),
            CutAsync(_destination, pairs.Select(pair => pair.Destination), cancellationToken)).ConfigureAwait(false);
        var tables = pairs.Select((pair, i) => new HashedTable(pair, cuts.Sum(pieces => pieces.Count(piece => piece.Table == i)))).ToArray();
        try
        {
            await Task.WhenAll(
                SideAsync(_source, source.Readers, cuts[0], table => (table.Pair.Source, table.Ours)),
                SideAsync(_destination, destination.Readers, cuts[1], table => (table.Pair.Destination, table.Theirs))).ConfigureAwait(false);
        }
        finally
        {
            foreach (var table in tables)
                table.Dispose();
        }

        async Task SideAsync(IRowHasher reader, int readers, IReadOnlyList<(int Table, PlaceRange Range)> pieces, Func<HashedTable, (TableSchema, HashedSide)> side)
        {
            try
            {
                await SideBySide.ForEachAsync(
                    pieces,
                    readers,
                    async (piece, cancel) =>
                    {
                        var table = tables[piece.Table];
                        var (schema, into) = side(table);
                        using (var hashes = await reader.HashAsync(schema, piece.Range, cancel).ConfigureAwait(false))
                        {
                            into.Add(hashes);
                            onRows?.Invoke(table.Pair.Name.ToString(), hashes.Rows, hashes.BytesRead);
                        }

                        if (table.Done())
                            await SettleAsync(piece.Table, table, cancel).ConfigureAwait(false);
                    },
                    stop.Token).ConfigureAwait(false);
            }
            catch
            {
                // The other side would go on to its end for nothing.
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        async Task SettleAsync(int index, HashedTable table, CancellationToken cancel)
        {
            using (table)
            {
                var result = await CompareAsync(table, sink(index), cancel).ConfigureAwait(false);
                await settled(index, result, table.Ours.Sum).ConfigureAwait(false);
            }
        }
    }

    private async Task<TableComparisonResult> CompareAsync(HashedTable table, IDifferenceSink? sink, CancellationToken cancellationToken)
    {
        var pair = table.Pair;
        var (ours, theirs) = (table.Ours.Sum, table.Theirs.Sum);
        if (ours == theirs)
            return new ComparisonTally(pair, sums: false) { Equal = ours.Rows }.ToResult(TableComparisonResult.ByRowHash);

        var most = Math.Clamp((ours.Rows + theirs.Rows) / WorthFetching, AlwaysWorthFetching, MostPlaces);
        if (HashedSide.Unmatched(table.Ours, table.Theirs, RecordsAtOnce, most, cancellationToken) is not var (left, right))
            return await ReadAsync(pair, sink, cancellationToken).ConfigureAwait(false);

        var rest = await HashPairing.CompareAsync(
            new RowsAtPlaces(_source, left), new RowsAtPlaces(_destination, right), pair, null, sink, sums: false, onRows: null, cancellationToken).ConfigureAwait(false);
        return rest with
        {
            Comparison = rest.Comparison with { RowsEqual = rest.Comparison.RowsEqual + ours.Rows - left.Count, PairedBy = TableComparisonResult.ByRowHash },
        };
    }

    private async Task<TableComparisonResult> ReadAsync(TablePair pair, IDifferenceSink? sink, CancellationToken cancellationToken)
    {
        // One at a time: two that each hold a reader of one side and wait for one of the other would wait for ever.
        await _reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await TableComparer.CompareAsync(source, destination, pair, null, sink, sums: false, onRows: null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _reading.Release();
        }
    }

    private static async Task<List<(int Table, PlaceRange Range)>> CutAsync(IRowHasher reader, IEnumerable<TableSchema> tables, CancellationToken cancellationToken)
    {
        var pieces = new List<(int, PlaceRange)>();
        foreach (var (index, table) in tables.Index())
            pieces.AddRange((await reader.CutPlacesAsync(table, cancellationToken).ConfigureAwait(false)).Select(range => (index, range)));
        return pieces;
    }

    /// <summary>Both sides of one table while their parts come in.</summary>
    private sealed class HashedTable(TablePair pair, int parts) : IDisposable
    {
        private int _parts = parts;

        public TablePair Pair => pair;

        public HashedSide Ours { get; } = new();

        public HashedSide Theirs { get; } = new();

        /// <summary>One part is there. True once, for the last part of both sides.</summary>
        public bool Done() => Interlocked.Decrement(ref _parts) == 0;

        public void Dispose()
        {
            Ours.Dispose();
            Theirs.Dispose();
        }
    }

    /// <summary>A table as if it held only the rows at certain places.</summary>
    private sealed class RowsAtPlaces(IRowHasher reader, IReadOnlyList<long> places) : IRowReader
    {
        public SideCatalog Catalog => reader.Catalog;

        public IAsyncEnumerable<RowBatch> ReadAsync(RowQuery query, CancellationToken cancellationToken)
            => places.Count == 0 ? Nothing(cancellationToken) : reader.ReadAtAsync(query.Table, places, cancellationToken);

        public IAsyncEnumerable<RowBatch> ReadByKeyAsync(TableSchema table, RowBatch keys, CancellationToken cancellationToken)
            => reader.ReadByKeyAsync(table, keys, cancellationToken);

        public Task<long> CountAsync(TableSchema table, CancellationToken cancellationToken) => Task.FromResult<long>(places.Count);

        private static async IAsyncEnumerable<RowBatch> Nothing([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            yield break;
        }
    }
}
