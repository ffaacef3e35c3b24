using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Tests;

/// <summary>A destination whose database compares by itself.</summary>
internal sealed class FakePairableSide(string name, FakeSnapshot source, FakeSnapshot destination) : FakeSide(name, destination), IPairableSide
{
    public Task<ISidePair?> TryBeginPairAsync(ISide other, SnapshotOptions options, CancellationToken cancellationToken)
        => Task.FromResult<ISidePair?>(new FakePair(source, Snapshot));

    private sealed class FakePair(ISideSnapshot source, ISideSnapshot destination) : ISidePair
    {
        public ISideSnapshot Source => source;

        public ISideSnapshot Destination => destination;

        public async Task<long> CompareAsync(
            TableSchema sourceTable, TableSchema destinationTable, Func<RowDifferenceKind, RowBatch, ValueTask> onDifferences, CancellationToken cancellationToken)
        {
            var sink = new KeySink(sourceTable);
            var result = await TableComparer.CompareAsync(
                source, destination, new TablePair(sourceTable, destinationTable), null, sink, false, null, cancellationToken);
            foreach (var (kind, row) in sink.Rows)
            {
                using var batch = new RowBatch();
                batch.Add(row);
                await onDifferences(kind, batch);
            }

            return result.Comparison.RowsEqual;
        }

        public Task<IPairedTransaction> BeginTransactionAsync(IReadOnlyList<TableSchema> tables, TimeSpan lockTimeout, CancellationToken cancellationToken)
            => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class KeySink(TableSchema table) : IDifferenceSink
    {
        public List<(RowDifferenceKind Kind, byte[] Row)> Rows { get; } = [];

        public void Add(RowDifferenceKind kind, ReadOnlySpan<byte> sourceRow, ReadOnlySpan<byte> destinationRow)
        {
            var row = (sourceRow.IsEmpty ? destinationRow : sourceRow).ToArray();
            Rows.Add((kind, table.HasKey ? FakeSnapshot.Key(table, row) : row));
        }

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public void Reset() => Rows.Clear();
    }
}
