using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Node.Tests.Cluster;

public sealed class ObjectOverlayTests
{
    private readonly RunTimeImage _image = new();

    public ObjectOverlayTests() => _image.Apply([ObjectChange.Put(Make(1, "x", 1)), ObjectChange.Put(Make(2, "y", 2))]);

    [Fact]
    public void Two_names_that_swapped_lead_to_the_objects_that_have_them_now()
    {
        var overlay = new ObjectOverlay(_image);
        Change(overlay, 1, "tmp", 3);
        Change(overlay, 2, "x", 4);
        Change(overlay, 1, "y", 5);
        Assert.Equal((2L, 1L), (overlay.FindChild(23, "X")?.Id, overlay.FindChild(23, "Y")?.Id));
        Assert.Null(overlay.FindChild(23, "tmp"));
        Assert.Equal((1L, 2L), (_image.FindChild(23, "x")?.Id, _image.FindChild(23, "y")?.Id));
    }

    [Fact]
    public void What_was_removed_is_found_by_no_way_and_its_name_and_cuid_can_be_taken()
    {
        var overlay = new ObjectOverlay(_image);
        overlay.Set(_image.Find(1), null, 3);
        Assert.Null(overlay.Find(1));
        Assert.Null(overlay.FindByCuid("C1"));
        Assert.Null(overlay.FindChild(23, "x"));
        overlay.Set(null, Make(3, "x", 4, cuid: "C1"), 4);
        Assert.Equal((3L, 3L), (overlay.FindByCuid("C1")?.Id, overlay.FindChild(23, "x")?.Id));
        Assert.Equal([2L, 3L], overlay.Children(23).Select(o => o.Id).Order());
    }

    [Fact]
    public void Forgetting_what_is_below_by_now_keeps_what_later_changes_made_of_the_same_names()
    {
        var pending = new ObjectOverlay(_image);
        Change(pending, 1, "free", 3);
        pending.Keep();
        pending.Set(null, Make(4, "x", 4), 4);
        pending.Keep();
        _image.Apply([ObjectChange.Put(Make(1, "free", 3, version: 2))]);
        pending.Forget(3);
        Assert.Equal((1L, 4L), (pending.FindChild(23, "free")?.Id, pending.FindChild(23, "x")?.Id));
        _image.Apply([ObjectChange.Put(Make(4, "x", 4))]);
        pending.Forget(4);
        Assert.True(pending.IsEmpty);
        Assert.Equal(4, pending.FindChild(23, "x")?.Id);
    }

    [Fact]
    public void A_name_that_changes_its_case_alone_stays_the_objects()
    {
        var overlay = new ObjectOverlay(_image);
        Change(overlay, 1, "X", 3);
        Assert.Equal("X", overlay.FindChild(23, "x")?.Name);
    }

    [Fact]
    public void A_name_that_nobody_moved_leads_to_the_version_that_is_shown_here()
    {
        var overlay = new ObjectOverlay(_image);
        Change(overlay, 1, "x", 3);
        Assert.Equal((2, 2), (overlay.FindChild(23, "x")?.Version, overlay.FindByCuid("C1")?.Version));
        overlay.Set(overlay.Find(1), null, 4);
        Assert.Null(overlay.FindChild(23, "x"));
        Assert.Null(overlay.FindByCuid("C1"));
    }

    [Fact]
    public void What_is_rolled_back_leaves_what_was_kept_before_by_every_way()
    {
        var overlay = new ObjectOverlay(_image);
        Change(overlay, 1, "kept", 3);
        overlay.Keep();
        Change(overlay, 2, "x", 4);
        overlay.Set(overlay.Find(1), null, 5);
        overlay.Set(null, Make(3, "kept", 6, cuid: "C1"), 6);
        Change(overlay, 3, "y", 7);
        overlay.RollBack();
        Assert.Equal((1L, 1L, 2L), (overlay.FindChild(23, "kept")?.Id, overlay.FindByCuid("C1")?.Id, overlay.FindChild(23, "y")?.Id));
        Assert.Null(overlay.FindChild(23, "x"));
        Assert.Null(overlay.Find(3));
        _image.Apply([ObjectChange.Put(Make(1, "kept", 3, version: 2))]);
        overlay.Forget(3);
        Assert.True(overlay.IsEmpty);
    }

    [Fact]
    public void Random_changes_kept_rolled_back_and_forgotten_show_what_a_model_shows()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var overlay = new ObjectOverlay(_image);
        var model = _image.All().ToDictionary(o => o.Id);
        var pending = new Queue<(long Through, List<ObjectChange> Changes)>();
        var (key, id) = (2L, 2L);
        for (var round = 0; round < 3000; round++)
        {
            var (changes, next) = (new List<ObjectChange>(), new Dictionary<long, CmsObject>(model));
            for (var i = random.Next(1, 5); i > 0; i--)
            {
                var name = $"n{random.Next(6)}";
                var target = next.Values.ElementAtOrDefault(random.Next(next.Count + 1));
                if (target is not null && random.Next(4) == 0)
                {
                    overlay.Set(overlay.Find(target.Id), null, ++key);
                    next.Remove(target.Id);
                    changes.Add(ObjectChange.Remove(target.Id, key));
                }
                else if (next.Values.FirstOrDefault(o => o.Name == name) is not { } taken || taken == target)
                {
                    var made = Make(target?.Id ?? ++id, name, ++key, (target?.Version ?? 0) + 1, parentId: 23 + random.Next(3));
                    overlay.Set(target is null ? null : overlay.Find(target.Id), made, key);
                    next[made.Id] = made;
                    changes.Add(ObjectChange.Put(made));
                }
            }

            if (random.Next(3) == 0)
            {
                overlay.RollBack();
            }
            else
            {
                overlay.Keep();
                model = next;
                pending.Enqueue((key, changes));
            }

            if (random.Next(2) == 0 && pending.TryDequeue(out var durable))
            {
                _image.Apply([.. durable.Changes]);
                overlay.Forget(durable.Through);
            }

            Assert.True(model.Values.OrderBy(o => o.Id).SequenceEqual(overlay.All().OrderBy(o => o.Id)), $"seed {seed}, round {round}");
            for (var i = 0; i < 6; i++)
            {
                var named = model.Values.SingleOrDefault(o => o.Name == $"n{i}");
                Assert.All(Enumerable.Range(23, 3), folder => Assert.True(
                    (named?.ParentId == folder ? named : null) == overlay.FindChild(folder, $"N{i}"), $"seed {seed}, round {round}, n{i}"));
            }

            Assert.All(Enumerable.Range(23, 3), folder => Assert.True(
                model.Values.Where(o => o.ParentId == folder).OrderBy(o => o.Id).SequenceEqual(overlay.Children(folder).OrderBy(o => o.Id)), $"seed {seed}, round {round}, {folder}"));
            Assert.All(model.Values, o => Assert.Same(o, overlay.FindByCuid(o.Cuid)));
        }
    }

    private static void Change(ObjectOverlay overlay, long id, string name, long key)
    {
        var before = overlay.Find(id)!;
        overlay.Set(before, Make(id, name, key, version: before.Version + 1), key);
    }

    private static CmsObject Make(long id, string name, long key, int version = 1, string? cuid = null, long parentId = 23) => new()
    {
        Id = id,
        Cuid = cuid ?? $"C{id}",
        Kind = ObjectKinds.Folder,
        ParentId = parentId,
        Name = name,
        OwnerId = 12,
        Version = version,
        UpdateKey = key,
        CreatedUs = 0,
        ModifiedUs = key,
        Properties = [],
    };
}
