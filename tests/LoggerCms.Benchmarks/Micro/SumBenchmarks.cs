using BenchmarkDotNet.Attributes;
using LoggerCms.Core.Comparison;
using LoggerCms.Core.Sides;

namespace LoggerCms.Benchmarks.Micro;

/// <summary>A row's hash, and a table's sum; figures are a row's.</summary>
public class SumBenchmarks
{
    private const int Rows = 400;
    private readonly byte[] _hash = new byte[RowKeys.HashSize];
    private RowBatch _rows = new();

    [GlobalSetup]
    public void SetUp() => _rows = SampleRows.Batch(0, Rows);

    [GlobalCleanup]
    public void CleanUp() => _rows.Dispose();

    [Benchmark(OperationsPerInvoke = Rows)]
    public byte Hash()
    {
        for (var i = 0; i < _rows.Count; i++)
            RowKeys.Hash(_rows[i], _hash);
        return _hash[0];
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public long HashAndSum()
    {
        var sum = default(TableSum);
        for (var i = 0; i < _rows.Count; i++)
            sum.Add(_rows[i]);
        return sum.Bytes;
    }
}
