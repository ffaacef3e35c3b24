using BenchmarkDotNet.Attributes;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Benchmarks.Micro;

/// <summary>Two ordered streams of rows side by side; figures are a row's, and count the copying of its batches.</summary>
public class MergeBenchmarks
{
    private const int Rows = 4000;
    private const int RowsOfBatch = 400;
    private readonly TablePair _pair = new(SampleRows.Schema, SampleRows.Schema);
    private IReadOnlyList<RowBatch> _batches = [];

    /// <summary>How many rows of a hundred are missing from the destination.</summary>
    [Params(0, 1)]
    public int Missing { get; set; }

    /// <summary>Whether the comparison sums both sides too.</summary>
    [Params(false, true)]
    public bool Sums { get; set; }

    [GlobalSetup]
    public void SetUp() => _batches = [.. Enumerable.Range(0, Rows / RowsOfBatch).Select(i => SampleRows.Batch(i * RowsOfBatch, RowsOfBatch))];

    [GlobalCleanup]
    public void CleanUp()
    {
        foreach (var batch in _batches)
            batch.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public async Task<long> Merge()
    {
        await using var source = new BatchCursor(Batches(null), CancellationToken.None);
        await using var destination = new BatchCursor(Batches(Missing == 0 ? null : 100 / Missing), CancellationToken.None);
        var tally = new ComparisonTally(_pair, Sums);
        await new MergeJoin(source, destination, _pair, null, tally).RunAsync(null, CancellationToken.None);
        return tally.Equal;
    }

    /// <summary>Copies, because whoever reads a batch disposes it.</summary>
    private async IAsyncEnumerable<RowBatch> Batches(int? without)
    {
        foreach (var batch in _batches)
        {
            var copy = new RowBatch(batch.Length + 16);
            for (var i = 0; i < batch.Count; i++)
            {
                if (without is null || i % without != 50)
                    copy.Add(batch[i]);
            }

            yield return copy;
        }

        await Task.CompletedTask;
    }
}
