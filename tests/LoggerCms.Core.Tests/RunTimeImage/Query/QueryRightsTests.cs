using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage.Query;

using RunTimeImage = LoggerCms.Core.RunTimeImage.RunTimeImage;

/// <summary>What the caller may not see takes no part in a query: neither its values nor what looking at them takes.</summary>
public sealed class QueryRightsTests
{
    private const long Folder = 2000;
    private const long Hidden = 2001;
    private const long Seen = 2002;

    [Fact]
    public async Task Conditions_on_what_is_hidden_cost_nothing()
    {
        var image = Sample(("x", new string('a', 900_000)));
        var costly = string.Join(" OR ", Enumerable.Range(0, 200).Select(i => $"x LIKE '%{new string('a', 250)}b{i}'"));

        var rows = await QueryEngineTests.Rows($"SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_ID = {Hidden} AND ({costly})", view: image, mayView: IsNotHidden);

        Assert.Empty(rows);
    }

    [Theory]
    [InlineData("SI_NAME LIKE 's%'", "")]
    [InlineData("x = 'secret'", "")]
    [InlineData("SI_PARENT_CUID = 'C2000'", "ORDER BY SI_PATH")]
    public async Task Nothing_of_what_is_hidden_is_looked_up_or_read_back(string condition, string order)
    {
        var view = new Watched(Sample(("x", "secret")));

        var rows = await QueryEngineTests.Rows(
            $"SELECT * FROM CI_INFOOBJECTS WHERE SI_ID IN ({Hidden}, {Seen}) AND ({condition}) {order}", view: view, mayView: static _ => false);

        Assert.Empty(rows);
        Assert.Equal([Hidden, Seen], view.Asked.Order()); // by the plan, to have what rights are asked of
    }

    [Fact]
    public async Task What_is_read_back_as_another_version_is_asked_for_its_right_before_its_values()
    {
        var view = new Watched(Sample(("x", new string('a', 900_000)))) { ParentOfReadBack = Hidden };
        var costly = string.Join(" OR ", Enumerable.Range(0, 200).Select(i => $"x LIKE '%{new string('a', 250)}b{i}'"));

        var rows = await QueryEngineTests.Rows(
            $"SELECT * FROM CI_INFOOBJECTS WHERE SI_ID = {Hidden} AND ({costly})", view: view, mayView: static one => one.ParentId != Hidden);

        Assert.Empty(rows);
    }

    [Theory]
    [InlineData("SI_CHILDREN = 1")]
    [InlineData("SI_CHILDREN > 0 AND SI_CHILDREN < 2")]
    public async Task Children_that_are_hidden_are_not_counted(string condition)
    {
        var rows = await QueryEngineTests.Rows(
            $"SELECT SI_CHILDREN FROM CI_INFOOBJECTS WHERE SI_ID = {Folder} AND {condition} ORDER BY SI_CHILDREN", view: Sample(), mayView: IsNotHidden);

        Assert.Equal(1, Assert.Single(Assert.Single(rows).Columns).Value.AsInteger);
    }

    [Fact]
    public async Task However_many_conditions_ask_how_many_children_there_are_they_are_counted_once_and_not_as_work()
    {
        var image = Sample();
        image.Apply([.. Enumerable.Range(10_000, 30_000).Select(id => ObjectChange.Put(Objects.Make(id, id, parentId: Folder, properties: [])))]);
        var asked = 0;
        var conditions = string.Join(" OR ", Enumerable.Repeat("SI_CHILDREN = 7", 400));

        var rows = await QueryEngineTests.Rows($"SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_ID = {Folder} AND ({conditions})", view: image, mayView: IsFolder);

        Assert.Empty(rows);
        Assert.Equal(30_003, asked);

        bool IsFolder(CmsObject one)
        {
            asked++;
            return one.Id == Folder;
        }
    }

    // The record of a password is hidden from everybody, and the place of a page holds what the order goes by.
    [Theory]
    [InlineData("*", "", "ORDER BY SI_PASSWORD")]
    [InlineData("si_password, SI_PASSWORD.x", "", "ORDER BY si_password DESC, SI_ID")]
    [InlineData("SI_ID", "AND SI_PASSWORD IS NULL", "")]
    public async Task A_password_s_record_is_in_no_column_no_condition_and_no_place(string columns, string condition, string order)
    {
        const string record = "record of a password";
        var image = Sample();
        image.Apply([ObjectChange.Put(Objects.Make(Seen, 5, "user", Folder, ObjectKinds.User, properties: PropertyBagTests.Build(("SI_PASSWORD", System.Text.Encoding.UTF8.GetBytes(record))).Encode()))]);

        var row = Assert.Single(await QueryEngineTests.Rows($"SELECT {columns} FROM CI_SYSTEMOBJECTS, CI_INFOOBJECTS WHERE SI_ID = {Seen} {condition} {order}", view: image));

        Assert.DoesNotContain(row.Columns, static c => !c.Value.IsNone && c.Key.StartsWith("SI_PASS", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(record, System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(row.Token)), StringComparison.Ordinal);
    }

    private static bool IsNotHidden(CmsObject one) => one.Id != Hidden;

    private static RunTimeImage Sample(params (string Name, PropertyValue Value)[] properties)
    {
        var image = new RunTimeImage();
        image.Apply([.. SystemObjects.Create(1, 0, []).Select(ObjectChange.Put)]);
        image.Apply([
            ObjectChange.Put(Objects.Make(Folder, 2, "folder", kind: "Folder", properties: [])),
            ObjectChange.Put(Objects.Make(Hidden, 3, "secret", Folder, properties: PropertyBagTests.Build(properties).Encode())),
            ObjectChange.Put(Objects.Make(Seen, 4, "seen", Folder, properties: []))]);
        return image;
    }

    /// <summary>All properties were dropped, and what was asked for is noted.</summary>
    private sealed class Watched(RunTimeImage image) : IObjectView, IPropertySource
    {
        public List<long> Asked { get; } = [];

        public long? ParentOfReadBack { get; init; }

        public long UpdateKey => image.UpdateKey;

        public CmsObject? Find(long id)
        {
            Asked.Add(id);
            return image.Find(id)?.With(CmsObject.NotInMemory);
        }

        public CmsObject? FindByCuid(string cuid) => image.FindByCuid(cuid);

        public CmsObject? FindChild(long parentId, string name) => image.FindChild(parentId, name);

        public IEnumerable<CmsObject> Children(long parentId) => image.Children(parentId);

        public IEnumerable<CmsObject> OfKind(string kind) => image.OfKind(kind);

        public IEnumerable<CmsObject> All() => image.All();

        public ValueTask<CmsObject?> GetAsync(long id, CancellationToken cancellationToken)
        {
            Asked.Add(id);
            var one = image.Find(id)!;
            return ValueTask.FromResult<CmsObject?>(
                ParentOfReadBack is { } parent ? Objects.Make(id, one.UpdateKey + 1, one.Name, parent, properties: one.Properties, version: one.Version + 1) : one);
        }
    }
}
