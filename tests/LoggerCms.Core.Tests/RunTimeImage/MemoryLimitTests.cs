using System.Collections.Concurrent;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

using RunTimeImage = LoggerCms.Core.RunTimeImage.RunTimeImage;

public sealed class MemoryLimitTests(ITestOutputHelper output)
{
    private const int Objects100 = 100;
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private readonly ConcurrentDictionary<long, CmsObject> _database = new();

    [Fact]
    public async Task CleanObjectsAreDroppedAndComeBackTheSame()
    {
        var image = Loaded(limit: 60_000);

        Assert.InRange(image.Statistics.Bytes, 1, 60_000);
        Assert.True(image.Statistics.Dropped > 0);
        for (var id = 1L; id <= Objects100; id++)
        {
            var whole = await image.GetAsync(id, Cancel);
            Assert.False(whole!.IsSkeleton);
            Assert.Equal(_database[id].Properties, whole.Properties);
            Assert.Equal(Objects.Tell(_database[id]), Objects.Tell(whole));
        }

        Assert.InRange(image.Statistics.Bytes, 1, 60_000);
        Assert.True(image.Statistics.Misses > 0);
    }

    [Fact]
    public async Task WhatCannotBeReadBackIsToBeAskedForAgainAndSaysNothingOfTheDatabase()
    {
        var away = new LoggerCmsException(ErrorCodes.DatabaseNotFound, "There is no '/srv/system.db'.", "Make one.");
        var image = new RunTimeImage(new RunTimeImageOptions { MemoryLimitBytes = 1, FindAsync = (_, _) => throw away });
        image.Apply([ObjectChange.Put(Objects.Make(1, 1, properties: PropertyBagTests.Build(("fill", new byte[1000])).Encode()))]);
        image.SetFlushed(1);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => image.GetAsync(1, Cancel).AsTask());
        Assert.Equal((ErrorCodes.NodeNotReady, away), (failure.Code, failure.InnerException));
        Assert.DoesNotContain("system.db", failure.Message + failure.Remedy, StringComparison.Ordinal);
    }

    // Rights and logons go by them at every request, and ask no database.
    [Theory]
    [InlineData(ObjectKinds.User)]
    [InlineData(ObjectKinds.UserGroup)]
    public void UsersAndGroupsAreLoadedWholeWhateverTheLimit(string kind)
    {
        var image = new RunTimeImage(new RunTimeImageOptions { MemoryLimitBytes = 1, FindAsync = (_, _) => throw new InvalidOperationException("Nothing is read back.") });
        using (var loader = image.BeginLoad())
        {
            loader.Add(Objects.Make(1, 1, "somebody", 0, kind));
            loader.Add(Objects.Make(2, 1));
            loader.Complete(1);
        }

        Assert.Equal((false, true), (image.Find(1)!.IsSkeleton, image.Find(2)!.IsSkeleton));
    }

    [Fact]
    public void WhatIsNotFlushedStays()
    {
        var image = Loaded(limit: 60_000);
        for (var id = 1L; id <= Objects100; id++)
            image.Apply([ObjectChange.Put(Version(id, 1000 + id, 2))]);

        Assert.DoesNotContain(image.All(), one => one.IsSkeleton);

        image.SetFlushed(1050);

        Assert.Contains(image.All(), one => one.IsSkeleton);
        Assert.DoesNotContain(image.All(), one => one.IsSkeleton && one.UpdateKey > 1050);
    }

    [Fact]
    public void WhatWasReadStaysLongerThanWhatWasNot()
    {
        var image = Loaded(limit: 1_000_000);
        Assert.Equal(0, image.Statistics.Dropped);
        for (var id = 1L; id <= 20; id++)
            image.Find(id);
        for (var id = 200L; image.Statistics.Dropped == 0; id++)
        {
            image.Apply([ObjectChange.Put(Objects.Make(id, 1000 + id, properties: PropertyBagTests.Build(("fill", new byte[200_000])).Encode()))]);
            Assert.True(id < 300);
        }

        Assert.DoesNotContain(image.All(), one => one.IsSkeleton && one.Id <= 20);
    }

    [Fact]
    public async Task ASnapshotGetsTheVersionThatAFlushOverwrote()
    {
        var image = Loaded(limit: 30_000);
        var id = image.All().First(one => one.IsSkeleton).Id;
        var before = _database[id];
        using var snapshot = image.TakeSnapshot();
        image.Apply([ObjectChange.Put(Version(id, 1000, 2))]);

        await image.PrepareFlushAsync(1000, Cancel);
        _database[id] = image.Find(id)!;
        image.SetFlushed(1000);

        var seen = await snapshot.GetAsync(id, Cancel);
        Assert.Equal(before.Properties, seen!.Properties);
        Assert.Equal(1, seen.Version);
        Assert.Equal(2, (await image.GetAsync(id, Cancel))!.Version);
    }

    [Fact]
    public async Task AVersionThatTheDatabaseDoesNotHaveIsDamageAndNeverAnswered()
    {
        var image = Loaded(limit: 30_000);
        var id = image.All().First(one => one.IsSkeleton).Id;
        _database[id] = Version(id, 7777, 9);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(async () => await image.GetAsync(id, Cancel));

        Assert.Equal(ErrorCodes.DatabaseDamaged, failure.Code);
    }

    [Fact]
    public void ALimitWithoutAWayBackIsRefused()
        => Assert.Equal(
            ErrorCodes.InvalidOption, Assert.Throws<LoggerCmsException>(() => new RunTimeImage(new RunTimeImageOptions { MemoryLimitBytes = 5 })).Code);

    [Fact]
    public async Task UnderWritersFlushesAndDropsEveryReadIsOneVersionWithItsOwnProperties()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var image = Loaded(limit: 40_000);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var reads = 0;
        var readers = Enumerable.Range(1, 3).Select(n => Task.Run(
            async () =>
            {
                var random = new Random(seed + n);
                while (!stop.IsCancellationRequested)
                {
                    var id = random.Next(1, Objects100 + 1);
                    CheckWhole(await image.GetAsync(id, Cancel));
                    using var snapshot = image.TakeSnapshot();
                    await Task.Yield();
                    for (var i = 0; i < 5; i++)
                    {
                        var seen = await snapshot.GetAsync(random.Next(1, Objects100 + 1), Cancel);
                        CheckWhole(seen);
                        Assert.True(seen!.UpdateKey <= snapshot.UpdateKey);
                    }

                    Interlocked.Increment(ref reads);
                }
            },
            Cancel)).ToList();

        var random = new Random(seed);
        var key = 1000L;
        for (var flush = 0; flush < 400 || Volatile.Read(ref reads) < 200; flush++)
        {
            Assert.DoesNotContain(readers, reader => reader.IsFaulted);
            for (var change = 0; change < 5; change++)
            {
                var id = random.Next(1, Objects100 + 1);
                image.Apply([ObjectChange.Put(Version(id, ++key, image.Find(id)!.Version + 1))]);
            }

            await image.PrepareFlushAsync(key, Cancel);
            foreach (var dirty in image.All().Where(one => one.UpdateKey > key - 5))
                _database[dirty.Id] = dirty;
            image.SetFlushed(key);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal((0, 0), (image.Statistics.KeptVersions, image.Statistics.Snapshots));
        Assert.True(image.Statistics.Misses > 0);
        Assert.Equal(image.All().Sum(RunTimeImage.SizeOf), image.Statistics.Bytes);
        Assert.Equal(image.All().Count(one => one.IsSkeleton), image.Statistics.Dropped);
    }

    private static void CheckWhole(CmsObject? one)
    {
        var bag = PropertyBag.Over(one!.Properties);
        Assert.Equal((one.Id, one.UpdateKey), (bag.Find("id").AsInteger, bag.Find("key").AsInteger));
    }

    private static CmsObject Version(long id, long key, int version)
        => Objects.Make(id, key, version: version, properties: PropertyBagTests.Build(("id", id), ("key", key), ("fill", new byte[500])).Encode());

    private RunTimeImage Loaded(long limit)
    {
        var image = new RunTimeImage(new RunTimeImageOptions
        {
            MemoryLimitBytes = limit,
            FindAsync = async (id, _) =>
            {
                await Task.Yield();
                return _database.GetValueOrDefault(id);
            },
        });
        using var loader = image.BeginLoad();
        for (var id = 1L; id <= Objects100; id++)
        {
            _database[id] = Version(id, id, 1);
            loader.Add(_database[id]);
        }

        loader.Complete(500);
        return image;
    }
}
