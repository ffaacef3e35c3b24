using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

using RunTimeImage = LoggerCms.Core.RunTimeImage.RunTimeImage;

public sealed class ImageLoaderTests
{
    [Fact]
    public void WhatSeveralThreadsBringInAnyOrderIsAllThere()
    {
        var image = new RunTimeImage();
        using (var loader = image.BeginLoad())
        {
            Parallel.For(1, 20_001, id => loader.Add(Objects.Make(id, id % 100, parentId: id % 50, kind: $"k{id % 7}")));
            loader.Complete(100);
        }

        Assert.Equal((20_000, 100), (image.Count, image.UpdateKey));
        for (var id = 1L; id <= 20_000; id++)
        {
            var found = image.Find(id)!;
            Assert.Same(found, image.FindByCuid($"C{id}"));
            Assert.Same(found, image.FindChild(id % 50, $"N{id}"));
        }

        Assert.Equal(400, image.Children(0).Count());
        var half = image.Children(0).Skip(199).First().Id;
        Assert.Equal(image.Children(0).Skip(200), image.Children(0, half));
        Assert.Equal(20_000, image.CountByKind().Values.Sum());
        Assert.Equal(Enumerable.Range(1, 20_000).Select(id => (long)id), image.AllInOrder(0).Select(one => one.Id));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void WhatEachThreadBringsInOrderIsJoined(int threads)
    {
        const int width = 7, ranges = 300;
        var image = new RunTimeImage();
        using (var loader = image.BeginLoad())
        {
            var workers = Enumerable.Range(0, threads).Select(t => new Thread(() =>
            {
                foreach (var range in Enumerable.Range(0, ranges).Where(r => r * r % threads == t))
                {
                    for (var i = 0; i < width; i++)
                        loader.Add(Objects.Make(range == ranges - 1 && i == width - 1 ? long.MaxValue : 1 + (range * width) + i, 1));
                }
            })).ToList();
            workers.ForEach(static worker => worker.Start());
            workers.ForEach(static worker => worker.Join());
            loader.Complete(1);
        }

        Assert.Equal([.. Enumerable.Range(1, (width * ranges) - 1), long.MaxValue], image.AllInOrder(0).Select(one => one.Id));
    }

    [Fact]
    public void AnObjectWhoseUpdateKeyIsAboveTheDatabasesRaisesThatOfTheImage()
    {
        var image = new RunTimeImage();
        using (var loader = image.BeginLoad())
        {
            loader.Add(Objects.Make(1, 700));
            loader.Add(Objects.Make(2, 50));
            loader.Complete(100);
        }

        Assert.Equal(700, image.UpdateKey);
    }

    [Fact]
    public void TwoObjectsOfOneIdAreDamage()
    {
        using var loader = new RunTimeImage().BeginLoad();
        loader.Add(Objects.Make(5, 1));
        loader.Add(Objects.Make(5, 2));

        Assert.Equal(ErrorCodes.DatabaseDamaged, Assert.Throws<LoggerCmsException>(() => loader.Complete(2)).Code);
    }

    [Fact]
    public void UpdateKeysThatGoBackAreRefused()
    {
        var image = new RunTimeImage();
        image.Apply([ObjectChange.Put(Objects.Make(1, 5))]);

        Assert.Throws<ArgumentException>(() => image.Apply([ObjectChange.Put(Objects.Make(2, 5))]));
        Assert.Throws<ArgumentException>(() => image.Apply([ObjectChange.Put(Objects.Make(2, 7)), ObjectChange.Put(Objects.Make(3, 6))]));
        Assert.Null(image.Find(2));
        image.Advance(9);
        Assert.Equal(9, image.UpdateKey);
    }

    [Fact]
    public void FindingAnObjectAllocatesNothing()
    {
        var image = new RunTimeImage();
        image.Apply([ObjectChange.Put(Objects.Make(1, 5))]);
        image.Find(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            image.Find(i);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
