using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using LoggerCms.Benchmarks.Image;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Benchmarks.Micro;

/// <summary>Get by id: the run time image against the dictionary that it has to keep up with. Both look ids up in the same random order.</summary>
[MemoryDiagnoser]
public class FindBenchmarks
{
    private const int Lookups = 100_000;

    private readonly ConcurrentDictionary<long, CmsObject> _dictionary = new();
    private readonly RunTimeImage _image = new();
    private long[] _ids = [];

    [Params(10_000, 1_000_000)]
    public int Objects { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        using var loader = _image.BeginLoad();
        for (var number = 0; number < Objects; number++)
        {
            var one = SampleObjects.Make(number);
            loader.Add(one);
            _dictionary[one.Id] = one;
        }

        loader.Complete(1);
        var random = new Random(42);
        _ids = [.. Enumerable.Range(0, Lookups).Select(_ => 1000L + random.Next(Objects))];
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    public long ConcurrentDictionary()
    {
        var sum = 0L;
        foreach (var id in _ids)
            sum += _dictionary.TryGetValue(id, out var one) ? one.UpdateKey : 0;
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public long RunTimeImageFind()
    {
        var sum = 0L;
        foreach (var id in _ids)
            sum += _image.Find(id) is { } one ? one.UpdateKey : 0;
        return sum;
    }
}
