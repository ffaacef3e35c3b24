using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

using RunTimeImage = LoggerCms.Core.RunTimeImage.RunTimeImage;

/// <summary>The image and its snapshots against dictionaries, over random changes.</summary>
public sealed class RunTimeImageModelTests(ITestOutputHelper output)
{
    private static readonly string[] Kinds = ["Folder", "Webi", "Pdf"];

    [Fact]
    public void EveryViewShowsExactlyTheObjectsOfItsUpdateKey()
    {
        for (var round = 0; round < 12; round++)
        {
            var seed = Random.Shared.Next();
            output.WriteLine($"seed {seed}");
            Run(new Random(seed));
        }
    }

    private static void Run(Random random)
    {
        var image = new RunTimeImage();
        var model = new Dictionary<long, CmsObject>();
        var snapshots = new List<(ImageSnapshot View, Dictionary<long, CmsObject> Model)>();
        long key = 0;
        for (var step = 0; step < 120; step++)
        {
            switch (random.Next(8))
            {
                case 0:
                    snapshots.Add((image.TakeSnapshot(), new(model)));
                    break;
                case 1 when snapshots.Count > 0:
                    var at = random.Next(snapshots.Count);
                    snapshots[at].View.Dispose();
                    snapshots.RemoveAt(at);
                    break;
                default:
                    var changes = Changes(random, model, ref key);
                    image.Apply([.. changes]);
                    break;
            }

            Same(image, model);
            foreach (var (view, then) in snapshots)
                Same(view, then);
        }

        snapshots.ForEach(one => one.View.Dispose());
        Same(image, model);
        Assert.Equal((0, 0), (image.Statistics.KeptVersions, image.Statistics.Snapshots));
        Assert.Equal(model.Values.Sum(RunTimeImage.SizeOf), image.Statistics.Bytes);
        Assert.Equal(
            model.Values.GroupBy(one => one.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => (kind.Key, (long)kind.Count())),
            image.CountByKind().OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => (kind.Key, kind.Value)));
    }

    private static List<ObjectChange> Changes(Random random, Dictionary<long, CmsObject> model, ref long key)
    {
        var changes = new List<ObjectChange>();
        for (var count = random.Next(1, 6); count > 0; count--)
        {
            key += random.Next(changes.Count == 0 ? 1 : 0, 3);
            var id = random.Next(1, 30);
            model.TryGetValue(id, out var old);
            if (random.Next(3) == 0)
            {
                changes.Add(ObjectChange.Remove(id, key));
                model.Remove(id);
                continue;
            }

            var version = Objects.Make(
                id, key, $"{(random.Next(2) == 0 ? 'n' : 'N')}{random.Next(4)}", random.Next(1, 4), Kinds[random.Next(3)], $"c{id}{random.Next(2)}", (old?.Version ?? 0) + 1);
            changes.Add(ObjectChange.Put(version));
            model[id] = version;
        }

        return changes;
    }

    private static void Same(IObjectView view, Dictionary<long, CmsObject> model)
    {
        for (long id = 0; id < 31; id++)
            Assert.Equal(Objects.Tell(model.GetValueOrDefault(id)), Objects.Tell(view.Find(id)));
        Assert.Equal(Tell(model.Values), Tell(view.All()));
        for (var parent = 0; parent < 5; parent++)
        {
            Assert.Equal(Tell(model.Values.Where(one => one.ParentId == parent)), Tell(view.Children(parent)));
            for (var name = 0; name < 5; name++)
            {
                var named = model.Values.Where(one => one.ParentId == parent && one.Name.Equals($"N{name}", StringComparison.OrdinalIgnoreCase)).ToList();
                var found = view.FindChild(parent, $"N{name}");
                Assert.True(found is null ? named.Count == 0 : named.Contains(found));
            }
        }

        foreach (var kind in Kinds)
            Assert.Equal(Tell(model.Values.Where(one => one.Kind == kind)), Tell(view.OfKind(kind.ToUpperInvariant())));
        foreach (var one in model.Values)
            Assert.Same(one, view.FindByCuid(one.Cuid));
        Assert.Null(view.FindByCuid("c"));
    }

    private static string Tell(IEnumerable<CmsObject> objects) => string.Join(' ', objects.OrderBy(one => one.Id).Select(Objects.Tell));
}
