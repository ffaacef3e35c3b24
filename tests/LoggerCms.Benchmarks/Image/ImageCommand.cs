using System.Diagnostics;
using System.Globalization;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Benchmarks.Image;

/// <summary>
/// <c>image [objects]</c>: what the run time image takes in memory and time without a database: loading from two threads, memory against the raw
/// data, a snapshot of everything while 64 clients write, a query that has to look at every object.
/// </summary>
internal static class ImageCommand
{
    private const int Clients = 64;

    public static async Task<int> RunAsync(string[] args)
    {
        var count = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
        var before = (Heap: GC.GetTotalMemory(forceFullCollection: true), Rss: Environment.WorkingSet);
        var (image, raw) = Load(count);
        var heap = GC.GetTotalMemory(forceFullCollection: true) - before.Heap;
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var rss = Environment.WorkingSet - before.Rss;
        Say($"raw data {raw / count} bytes an object; heap {heap / count} ({(double)heap / raw:F2} of raw), process {rss / count} ({(double)rss / raw:F2}), own estimate {image.Statistics.Bytes / count}");
        var quiet = await WriteAsync(image, count, whileSnapshots: false).ConfigureAwait(false);
        var busy = await WriteAsync(image, count, whileSnapshots: true).ConfigureAwait(false);
        Say($"{Clients} clients writing: p99 {quiet.P99Us:F1} us without a snapshot, {busy.P99Us:F1} us while {busy.Snapshots} snapshots of {count} objects were read ({busy.P99Us / quiet.P99Us:F2})");
        await QueryAsync(image).ConfigureAwait(false);
        return 0;
    }

    private static (RunTimeImage Image, long Raw) Load(int count)
    {
        var image = new RunTimeImage();
        using var loader = image.BeginLoad();
        long raw = 0;
        var watch = Stopwatch.StartNew();
        Parallel.Invoke(Enumerable.Range(0, 2).Select(half => (Action)(() =>
        {
            long bytes = 0;
            for (var number = half * (count / 2); number < (half + 1) * (count / 2); number++)
            {
                var one = SampleObjects.Make(number);
                bytes += SampleObjects.RawBytes(one);
                loader.Add(one);
            }

            Interlocked.Add(ref raw, bytes);
        })).ToArray());
        var made = watch.Elapsed;
        var processor = Environment.CpuUsage.TotalTime;
        loader.Complete(1);
        Say($"{count} objects made in {made.TotalMilliseconds:F0} ms; all indexes built in {(watch.Elapsed - made).TotalMilliseconds:F0} ms, {(Environment.CpuUsage.TotalTime - processor).TotalMilliseconds:F0} ms of processor time");
        return (image, raw);
    }

    /// <summary>Each client changes one object at a time under the write order, a lock here, and measures from asking for it to having applied.</summary>
    private static async Task<(double P99Us, int Snapshots)> WriteAsync(RunTimeImage image, int count, bool whileSnapshots)
    {
        var order = new SemaphoreSlim(1);
        using var stop = new CancellationTokenSource();
        var snapshots = 0;
        var reader = !whileSnapshots ? Task.CompletedTask : Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                using var snapshot = image.TakeSnapshot();
                var seen = snapshot.All().LongCount(one => one.UpdateKey <= snapshot.UpdateKey);
                if (seen != snapshot.Count)
                    throw new InvalidOperationException($"A snapshot of {snapshot.Count} objects showed {seen}.");
                snapshots++;
            }
        });
        var until = Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency);
        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random(client);
            var times = new List<double>();
            while (Stopwatch.GetTimestamp() < until)
            {
                var version = SampleObjects.Make(random.Next(count), 2);
                var start = Stopwatch.GetTimestamp();
                await order.WaitAsync().ConfigureAwait(false);
                image.Apply([ObjectChange.Put(WithKey(version, image.UpdateKey + 1))]);
                order.Release();
                times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                // A client waits for its answer to travel; without that 64 loops measure the queue of the two cores.
                await Task.Delay(1).ConfigureAwait(false);
            }

            return times;
        })).ToList();
        var all = (await Task.WhenAll(clients).ConfigureAwait(false)).SelectMany(times => times).Order().ToList();
        await stop.CancelAsync().ConfigureAwait(false);
        await reader.ConfigureAwait(false);
        return (all[(int)(all.Count * 0.99)], snapshots);
    }

    private static CmsObject WithKey(CmsObject one, long updateKey) => new()
    {
        Id = one.Id,
        Cuid = one.Cuid,
        Kind = one.Kind,
        ParentId = one.ParentId,
        Name = one.Name,
        OwnerId = one.OwnerId,
        Version = 2,
        UpdateKey = updateKey,
        CreatedUs = one.CreatedUs,
        ModifiedUs = one.ModifiedUs,
        Properties = one.Properties,
    };

    private static async Task QueryAsync(RunTimeImage image)
    {
        foreach (var where in new[] { "SI_ID = 1500", "SI_PARENTID = 1500", "SI_KIND = 'Pdf' AND SI_NAME LIKE '%99 1%'", "SI_NAME LIKE '%x%'", "SI_FILES.SI_SIZE < 0" })
        {
            var query = $"SELECT SI_ID FROM CI_INFOOBJECTS WHERE {where}";
            var watch = Stopwatch.StartNew();
            var rows = 0;
            await foreach (var row in Core.RunTimeImage.Query.QueryEngine.Run(image, query, static _ => true, null, CancellationToken.None).ConfigureAwait(false))
                rows += row.Columns.Count;
            Say($"{where}: {rows} rows by {Core.RunTimeImage.Query.QueryEngine.Explain(query)} in {watch.Elapsed.TotalMilliseconds:F1} ms");
        }
    }

    private static void Say(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));
}
