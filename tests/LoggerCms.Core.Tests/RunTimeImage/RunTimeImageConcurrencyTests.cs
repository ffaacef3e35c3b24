using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

using RunTimeImage = LoggerCms.Core.RunTimeImage.RunTimeImage;

public sealed class RunTimeImageConcurrencyTests(ITestOutputHelper output)
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    /// <summary>
    /// Every batch moves one object to the other folder, gives another the number of the batch, replaces a third by a new one: at every update key
    /// there are as many objects, and each batch is seen whole. Readers check that while the writer runs.
    /// </summary>
    [Fact]
    public async Task ReadersAndSnapshotsSeeWholeBatchesWhileAWriterRuns()
    {
        const int count = 300;
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var image = new RunTimeImage();
        image.Apply([.. Enumerable.Range(1, count).Select(id => ObjectChange.Put(Objects.Make(id, 1, parentId: id % 2, kind: $"k{id % 3}")))]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var rounds = new int[3];
        var readers = Enumerable.Range(0, 3).Select(n => Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    using (var snapshot = image.TakeSnapshot())
                        CheckSnapshot(snapshot, count);
                    CheckLive(image, n);
                    Interlocked.Increment(ref rounds[n]);
                }
            },
            Cancel)).ToList();

        var random = new Random(seed);
        var ids = Enumerable.Range(1, count).Select(id => (long)id).ToList();
        long next = count;
        for (var key = 2L; key < 4000 || rounds.Any(done => done < 50); key++)
        {
            // Throws what the reader found.
            if (readers.Find(static reader => reader.IsFaulted) is { } failed)
                await failed;
            var gone = random.Next(ids.Count);
            var moved = image.Find(ids[(gone + 1) % count])!;
            var goneId = ids[gone];
            ids[gone] = ++next;
            image.Apply([
                ObjectChange.Put(Objects.Make(moved.Id, key, $"moved{key}", 1 - moved.ParentId, $"k{key % 3}", moved.Cuid, moved.Version + 1)),
                ObjectChange.Remove(goneId, key),
                ObjectChange.Put(Objects.Make(next, key, $"new{key}", key % 2, $"k{key % 3}"))]);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        using (var last = image.TakeSnapshot())
            CheckSnapshot(last, count);
        Assert.Equal((0, 0), (image.Statistics.KeptVersions, image.Statistics.Snapshots));
    }

    private static void CheckSnapshot(ImageSnapshot snapshot, int count)
    {
        var all = snapshot.All().ToDictionary(one => one.Id);
        Assert.Equal(count, all.Count);
        Assert.Equal(count, snapshot.Count);
        Assert.True(all.Values.All(one => one.UpdateKey <= snapshot.UpdateKey));
        // A batch is whole: its new object is there, under the name that only it has.
        Assert.True(snapshot.UpdateKey == 1 || snapshot.FindChild(snapshot.UpdateKey % 2, $"NEW{snapshot.UpdateKey}") is not null);
        Assert.Equal(all.Keys.Order(), snapshot.AllInOrder(0).Select(one => one.Id));
        Assert.Equal(all.Keys.Order(), snapshot.Children(0).Concat(snapshot.Children(1)).Select(one => one.Id).Order());
        Assert.Equal(all.Keys.Order(), Enumerable.Range(0, 3).SelectMany(kind => snapshot.OfKind($"K{kind}")).Select(one => one.Id).Order());
        foreach (var one in all.Values)
        {
            Assert.Same(one, snapshot.Find(one.Id));
            Assert.Same(one, snapshot.FindByCuid(one.Cuid));
            Assert.Same(one, snapshot.FindChild(one.ParentId, one.Name));
        }
    }

    private static void CheckLive(RunTimeImage image, int parentId)
    {
        var key = image.UpdateKey;
        foreach (var one in image.Children(parentId % 2))
            Assert.Equal(parentId % 2, one.ParentId);
        // All changes up to a published key are seen: its own new object, unless a later batch moved it or took it away. That batch may be seen
        // before its key is; a snapshot waits for it.
        if (key == 1 || image.FindChild(key % 2, $"new{key}") is not null)
            return;
        using var later = image.TakeSnapshot();
        Assert.True(later.UpdateKey > key);
    }
}
