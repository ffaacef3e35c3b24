using System.Diagnostics;
using System.Globalization;
using LoggerCms.Benchmarks.Image;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases;

namespace LoggerCms.Benchmarks.RunOne;

/// <summary>A system database in a SQLite file: filling it, loading the run time image from it, flushing changes into it.</summary>
internal static class ImageWork
{
    private const int ObjectsAFlush = 100_000;

    /// <summary>Makes the file, as a node's flushes would have left it.</summary>
    public static async Task<RunOneReport> MakeAsync(RunOneReport report, string path, string objects)
    {
        var count = long.Parse(objects, CultureInfo.InvariantCulture);
        var database = Open(path);
        await using (database.ConfigureAwait(false))
        {
            await database.PrepareAsync(CancellationToken.None).ConfigureAwait(false);
            var lease = await TakeAsync(database).ConfigureAwait(false);
            for (long from = 0; from < count; from += ObjectsAFlush)
            {
                var put = Enumerable.Range(0, (int)Math.Min(ObjectsAFlush, count - from)).Select(i => SampleObjects.Make(from + i)).ToList();
                await database.FlushAsync(Batch(lease.Epoch, 1, put), CancellationToken.None).ConfigureAwait(false);
            }

            await database.ReleaseLeaseAsync(lease.Epoch, CancellationToken.None).ConfigureAwait(false);
            return report;
        }
    }

    /// <summary>Loads all objects into a run time image.</summary>
    public static async Task<RunOneReport> LoadAsync(RunOneReport report, string path)
    {
        var database = Open(path);
        await using (database.ConfigureAwait(false))
        {
            var (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            var image = new RunTimeImage();
            using var loader = image.BeginLoad();
            await database.LoadAsync(loader.Add, CancellationToken.None).ConfigureAwait(false);
            var (read, readProcessor) = (clock.Elapsed, Environment.CpuUsage.TotalTime - processor);
            loader.Complete(1);
            var (elapsed, elapsedProcessor) = (clock.Elapsed, Environment.CpuUsage.TotalTime - processor);
            long raw = 0;
            foreach (var one in image.AllInOrder(0))
                raw += SampleObjects.RawBytes(one);
            return report with
            {
                ElapsedMilliseconds = elapsed.TotalMilliseconds,
                Image = new ImageFigures(image.Count, raw, GC.GetTotalMemory(forceFullCollection: true))
                {
                    ReadMilliseconds = read.TotalMilliseconds,
                    ReadProcessorMilliseconds = readProcessor.TotalMilliseconds,
                    ProcessorMilliseconds = elapsedProcessor.TotalMilliseconds,
                },
            };
        }
    }

    /// <summary>Changes that many random objects of the file in one flush.</summary>
    public static async Task<RunOneReport> FlushAsync(RunOneReport report, string path, string changes)
    {
        var database = Open(path);
        await using (database.ConfigureAwait(false))
        {
            var lease = await TakeAsync(database).ConfigureAwait(false);
            var state = await database.ReadStateAsync(CancellationToken.None).ConfigureAwait(false);
            var (key, version) = (state.LastUpdateKey + 1, (int)lease.Epoch);
            var random = new Random(4711);
            var numbers = new HashSet<long>();
            while (numbers.Count < Math.Min(int.Parse(changes, CultureInfo.InvariantCulture), state.Objects))
                numbers.Add(random.NextInt64(state.Objects));
            var put = numbers.Select(number => SampleObjects.Make(number, key, version)).ToList();
            var (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            await database.FlushAsync(Batch(lease.Epoch, key, put), CancellationToken.None).ConfigureAwait(false);
            var (elapsed, elapsedProcessor) = (clock.Elapsed, Environment.CpuUsage.TotalTime - processor);
            await database.ReleaseLeaseAsync(lease.Epoch, CancellationToken.None).ConfigureAwait(false);
            return report with { ElapsedMilliseconds = elapsed.TotalMilliseconds, Image = new ImageFigures(put.Count, 0, 0) { ProcessorMilliseconds = elapsedProcessor.TotalMilliseconds } };
        }
    }

    private static ISystemDatabase Open(string path) => SystemDatabaseFactory.Open(new SideConnection(SideProvider.Sqlite, path));

    private static Task<Lease> TakeAsync(ISystemDatabase database)
        => database.TakeLeaseAsync(new Guid("0d6f4a52-3a55-4c57-9d0e-3c2f8d5f7a11"), "benchmark", takeOver: true, usedEpoch: 0, CancellationToken.None);

    private static FlushBatch Batch(long epoch, long lastKey, List<CmsObject> put)
        => new() { Epoch = epoch, LastUpdateKey = lastKey, Put = put, Remove = [], PutLocal = [], RemoveLocal = [] };
}

/// <param name="Objects">How many were loaded, or flushed.</param>
/// <param name="RawBytes">Their data, as rows hold it.</param>
/// <param name="HeapBytes">The process's heap with them.</param>
internal sealed record ImageFigures(long Objects, long RawBytes, long HeapBytes)
{
    /// <summary>The time until all rows were read, without the indexes.</summary>
    public double ReadMilliseconds { get; init; }

    public double ReadProcessorMilliseconds { get; init; }

    /// <summary>Processor time of the whole, on all cores: what a busy machine does not change.</summary>
    public double ProcessorMilliseconds { get; init; }
}
