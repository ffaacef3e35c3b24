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
        var first = new ObjectOverlay(pending);
        Change(first, 1, "free", 3);
        pending.Add(first);
        var second = new ObjectOverlay(pending);
        second.Set(null, Make(4, "x", 4), 4);
        pending.Add(second);
        _image.Apply([ObjectChange.Put(Make(1, "free", 3, version: 2))]);
        pending.Forget(first, 3);
        Assert.Equal((1L, 4L), (pending.FindChild(23, "free")?.Id, pending.FindChild(23, "x")?.Id));
        _image.Apply([ObjectChange.Put(Make(4, "x", 4))]);
        pending.Forget(second, 4);
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

    private static void Change(ObjectOverlay overlay, long id, string name, long key)
    {
        var before = overlay.Find(id)!;
        overlay.Set(before, Make(id, name, key, version: before.Version + 1), key);
    }

    private static CmsObject Make(long id, string name, long key, int version = 1, string? cuid = null) => new()
    {
        Id = id,
        Cuid = cuid ?? $"C{id}",
        Kind = ObjectKinds.Folder,
        ParentId = 23,
        Name = name,
        OwnerId = 12,
        Version = version,
        UpdateKey = key,
        CreatedUs = 0,
        ModifiedUs = key,
        Properties = [],
    };
}
