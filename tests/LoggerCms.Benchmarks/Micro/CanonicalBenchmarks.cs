using BenchmarkDotNet.Attributes;
using LoggerCms.Core.Sides;

namespace LoggerCms.Benchmarks.Micro;

/// <summary>Writing rows in the canonical form, and walking them; figures are a row's.</summary>
public class CanonicalBenchmarks
{
    private const int Rows = 400;
    private IReadOnlyList<object?[]> _values = [];
    private RowBatch _written = new();
    private RowBatch _target = new();

    [GlobalSetup]
    public void SetUp()
    {
        _values = SampleRows.Values(Rows);
        _written = SampleRows.Batch(0, Rows);
        _target = new RowBatch(_written.Length + 1024);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _written.Dispose();
        _target.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public int Write()
    {
        _target.Clear();
        foreach (var row in _values)
            SampleRows.Write(_target, row);
        return _target.Length;
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public int Read()
    {
        var bytes = 0;
        for (var i = 0; i < _written.Count; i++)
        {
            var reader = new CanonicalReader(_written[i]);
            while (reader.Read())
                bytes += reader.Payload.Length;
        }

        return bytes;
    }

    [Benchmark(OperationsPerInvoke = Rows)]
    public int ReadKeys()
    {
        _target.Clear();
        for (var i = 0; i < _written.Count; i++)
            RowKeys.AppendKey(SampleRows.Schema, _written[i], _target);
        return _target.Length;
    }
}
