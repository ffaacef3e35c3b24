using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

using RunTimeImage = LoggerCms.Core.RunTimeImage.RunTimeImage;

public sealed class ObjectPathsTests
{
    private readonly RunTimeImage _image = new();

    public ObjectPathsTests()
    {
        _image.Apply([.. SystemObjects.Create(1, 0, [1]).Select(ObjectChange.Put)]);
        _image.Apply([
            ObjectChange.Put(Objects.Make(1000, 2, "Sales", SystemObjects.RootFolder, ObjectKinds.Folder)),
            ObjectChange.Put(Objects.Make(1001, 2, "A/B \\ C", 1000, ObjectKinds.Folder)),
            ObjectChange.Put(Objects.Make(1002, 2, "Q1", 1001))]);
    }

    [Theory]
    [InlineData("/", SystemObjects.Root)]
    [InlineData("/root folder", SystemObjects.RootFolder)]
    [InlineData("/Root Folder/Sales/", 1000)]
    [InlineData("/Root Folder/SALES/A\\/b \\\\ c/q1", 1002)]
    public void APathLeadsToItsObject(string path, long id) => Assert.Equal(id, ObjectPaths.Find(_image, path)?.Id);

    [Theory]
    [InlineData("")]
    [InlineData("Root Folder")]
    [InlineData("//Root Folder")]
    [InlineData("/Root Folder//Sales")]
    [InlineData("/Root Folder/A/B")]
    public void APathThatIsNoneLeadsNowhere(string path) => Assert.Null(ObjectPaths.Find(_image, path));

    [Fact]
    public void EveryObjectIsFoundByItsOwnPath()
        => Assert.All(_image.All(), one => Assert.Equal(one.Id, ObjectPaths.Find(_image, ObjectPaths.Of(_image, one))?.Id));

    [Fact]
    public void AnObjectDoesNotGoBelowItself()
    {
        Assert.False(ObjectPaths.MayStand(_image, 1000, 1000, "a"));
        Assert.False(ObjectPaths.MayStand(_image, 1000, 1001, "a"));
        Assert.False(ObjectPaths.MayStand(_image, 1001, 99_999, "a"));
        Assert.True(ObjectPaths.MayStand(_image, 1001, SystemObjects.Universes, "a"));
        Assert.Equal([1001, 1000, 23, 4], ObjectPaths.Ancestors(_image, _image.Find(1002)!).Select(one => one.Id));
        Assert.Equal([1001, 1002], ObjectPaths.Descendants(_image, 1000).Select(one => one.Id));
    }

    [Fact]
    public void FoldersDoNotGoDeeperThanPathsReach()
    {
        var (key, parent) = (10L, 1002L);
        while (ObjectPaths.MayStand(_image, 1000_000, parent, "a"))
        {
            _image.Apply([ObjectChange.Put(Objects.Make(key + 2000, key, parentId: parent, kind: ObjectKinds.Folder))]);
            (key, parent) = (key + 1, key + 2000);
            Assert.True(key < 1000);
        }

        Assert.StartsWith("/Root Folder/Sales/", ObjectPaths.Of(_image, _image.Find(parent)!));
    }

    [Fact]
    public void ACycleInDamagedDataEnds()
    {
        _image.Apply([ObjectChange.Put(Objects.Make(1000, 3, "Sales", 1001, ObjectKinds.Folder))]);

        Assert.StartsWith("…", ObjectPaths.Of(_image, _image.Find(1002)!));
        Assert.Equal(3, ObjectPaths.Descendants(_image, 1002).Count() + ObjectPaths.Descendants(_image, 1000).Count() + 1);
        Assert.False(ObjectPaths.MayStand(_image, SystemObjects.RootFolder, 1000, "a"));
    }

    [Fact]
    public void ANewSystemIsOneTreeWithUniqueNames()
    {
        var objects = SystemObjects.Create(1, 5, [7]);

        Assert.Equal(objects.Count, objects.Select(one => one.Id).Distinct().Count());
        Assert.Equal(objects.Count, objects.Select(one => (one.ParentId, one.Name.ToUpperInvariant())).Distinct().Count());
        Assert.All(objects, one => Assert.True(one.Id == SystemObjects.Root ? one.ParentId == 0 : objects.Any(parent => parent.Id == one.ParentId)));
        Assert.Equal([7], Assert.Single(objects, one => one.AccessList.Length > 0).AccessList);
    }

    [Fact]
    public void AKindIsKnownWhateverItsCaseAndAnyOtherIsAnInfoObject()
    {
        Assert.True(ObjectKinds.Of("folder").IsContainer);
        Assert.Equal(VirtualTable.AppObjects, ObjectKinds.Of("UNIVERSE").Table);
        Assert.Equal((VirtualTable.InfoObjects, false), (ObjectKinds.Of("Widget").Table, ObjectKinds.Of("Widget").IsContainer));
        Assert.Same(ObjectKinds.Intern("Widget"), ObjectKinds.Intern(new string("Widget")));
        Assert.Equal(ObjectKinds.All.Count, ObjectKinds.All.Select(kind => kind.Name.ToUpperInvariant()).Distinct().Count());
    }
}
