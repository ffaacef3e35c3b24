using System.Text.Json;
using LoggerCms.PowerShell.Objects;
using Xunit;

namespace LoggerCms.PowerShell.Tests.Objects;

public sealed class ImporterTests
{
    private readonly FakeClient _client = new();
    private readonly List<CmsImportedObject> _told = [];
    private readonly List<(LoggerCmsException Failure, ImportItem Item)> _failed = [];

    [Fact]
    public async Task A_tree_keeps_its_shape_in_few_requests()
    {
        var tree = Tree(folders: 50, each: 20);

        await ImportAsync(tree, ImportPolicy.Fail);

        Assert.Empty(_failed);
        Assert.Equal(tree.Count, _told.Count);
        Assert.Equal(tree.Select(one => one.Path), _client.All.Where(one => one.Id != 4).Select(one => one.Path).OrderBy(path => tree.FindIndex(one => one.Path == path)));
        // Level by level, not folder by folder.
        Assert.InRange(_client.Requests.Count, 3, 6);
    }

    [Fact]
    public async Task Repeated_it_makes_nothing_twice()
    {
        var tree = Tree(folders: 3, each: 3);
        await ImportAsync(tree, ImportPolicy.Fail);
        _client.Requests.Clear();
        _told.Clear();

        await ImportAsync(tree, ImportPolicy.Skip);

        Assert.Empty(_client.Requests);
        Assert.All(_told, one => Assert.Equal("Skipped", one.Status));
        Assert.Equal(tree.Count, _told.Count);
    }

    [Fact]
    public async Task One_that_fails_takes_what_is_below_it_along_and_no_more()
    {
        var tree = Tree(folders: 3, each: 3);
        await ImportAsync([tree[0]], ImportPolicy.Fail);
        _told.Clear();

        await ImportAsync(tree, ImportPolicy.Fail);

        // The root is there, so it and all below it fail.
        Assert.Equal(tree.Count, _failed.Count);
        Assert.Equal(ErrorCodes.NameInUse, _failed[0].Failure.Code);
        Assert.All(_failed.Skip(1), one => Assert.Equal(ErrorCodes.ObjectNotFound, one.Failure.Code));
        Assert.Empty(_told);
    }

    [Fact]
    public async Task What_differs_is_overwritten_and_what_does_not_is_left()
    {
        var tree = Tree(folders: 1, each: 2);
        await ImportAsync(tree, ImportPolicy.Fail);
        tree[3] = tree[3] with { Properties = JsonSerializer.Deserialize<JsonElement>("""{"n":99}""") };
        _told.Clear();

        await ImportAsync(tree, ImportPolicy.Overwrite);

        Assert.Equal(["Skipped", "Skipped", "Skipped", "Overwritten"], _told.OrderBy(one => one.Line).Select(one => one.Status));
        Assert.Equal(99, _client.All.Single(one => one.Path == tree[3].Path).Properties.GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task Told_to_only_look_it_changes_nothing()
    {
        await ImportAsync(Tree(folders: 2, each: 2), ImportPolicy.Fail, whatIf: true);

        Assert.Empty(_client.Requests);
        Assert.Equal(7, _told.Count(one => one.Status == "WouldCreate"));
    }

    [Fact]
    public async Task With_kept_CUIDs_an_object_is_known_by_its_own()
    {
        var tree = Tree(folders: 1, each: 1);
        await ImportAsync(tree, ImportPolicy.Fail, keepCuid: true);

        Assert.Equal(tree.Select(one => one.Cuid).Order(), _client.All.Where(one => one.Id != 4).Select(one => one.Cuid).Order());
        _client.Requests.Clear();
        await ImportAsync([tree[0] with { Name = "renamed" }, .. tree.Skip(1)], ImportPolicy.Skip, keepCuid: true);
        Assert.Empty(_client.Requests);
    }

    [Fact]
    public async Task Ids_of_groups_are_those_of_the_other_system_and_are_not_taken_over()
    {
        await ImportAsync([User("ann", """{"SI_USERGROUPS":[1061],"a":1}""")], ImportPolicy.Fail);

        var made = _client.All.Single(one => one.Name == "ann");
        Assert.Empty(Memberships.Of(made));
        Assert.Equal(1, made.Properties.GetProperty("a").GetInt32());

        // Who is here stays in the groups that it is in, and is equal without them.
        await _client.ChangeAsync(new CmsChangeRequest { Changes = [Memberships.Change(made, [77])] }, TestContext.Current.CancellationToken);
        await ImportAsync([User("ann", """{"SI_USERGROUPS":[1061],"a":2}""")], ImportPolicy.Overwrite);
        Assert.Equal([77L], Memberships.Of(_client.All.Single(one => one.Name == "ann")));
        await ImportAsync([User("ann", """{"SI_USERGROUPS":[1061],"a":2}""")], ImportPolicy.Overwrite);
        Assert.Equal(["Created", "Overwritten", "Skipped"], _told.Select(one => one.Status));
    }

    [Fact]
    public async Task With_rights_groups_are_those_that_are_the_same_here()
    {
        var group = FakeClient.Info(0, 4, "/payroll", "payroll", "UserGroup", default);
        await ImportAsync([group], ImportPolicy.Fail, keepCuid: true);
        var here = _client.All.Single(one => one.Name == "payroll");
        var user = User("ann", """{"SI_USERGROUPS":[1061]}""") with { Rights = new CmsObjectRights { InheritFromFolder = true, InheritFromGroups = true, Entries = [] } };

        await ImportAsync([user with { Groups = [new CmsGroupName { Id = 1061, Cuid = group.Cuid, Name = "payroll" }] }], ImportPolicy.Fail, includeRights: true);

        Assert.Equal([here.Id], Memberships.Of(_client.All.Single(one => one.Name == "ann")));

        // An earlier release told the ids only.
        await ImportAsync([user with { Name = "bob" }], ImportPolicy.Fail, includeRights: true);
        Assert.Equal(ErrorCodes.InvalidOption, Assert.Single(_failed).Failure.Code);
        Assert.DoesNotContain(_client.All, one => one.Name == "bob");
    }

    [Fact]
    public async Task Properties_of_a_user_that_are_none_fail_alone()
    {
        await ImportAsync([User("top", "{}"), User("ann", "[1]") with { Id = 51, ParentId = 50 }, User("bob", "{}") with { Id = 52, ParentId = 50 }], ImportPolicy.Fail);

        Assert.Equal(ErrorCodes.InvalidObject, Assert.Single(_failed).Failure.Code);
        Assert.Equal(["top", "bob"], _told.Select(one => one.Name));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_object_of_another_kind_is_not_the_same_one_and_is_left_as_it_is(bool whatIf)
    {
        await ImportAsync(Tree(folders: 1, each: 1), ImportPolicy.Fail);
        var before = _client.All.ToList();
        _told.Clear();

        var tree = Tree(folders: 1, each: 1);
        tree[1] = tree[1] with { Kind = "Webi" };
        await ImportAsync(tree, ImportPolicy.Overwrite, whatIf: whatIf);

        Assert.Equal([ErrorCodes.NameInUse, ErrorCodes.ObjectNotFound], _failed.Select(one => one.Failure.Code));
        Assert.Contains("is a Folder, not a Webi", _failed[0].Failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, _client.All);
        Assert.Single(_told);
    }

    private static CmsObjectInfo User(string name, string properties)
        => FakeClient.Info(50, 23, $"/{name}", name, "User", JsonSerializer.Deserialize<JsonElement>(properties));

    private async Task ImportAsync(
        IEnumerable<CmsObjectInfo> objects, ImportPolicy policy, bool keepCuid = false, bool whatIf = false, bool includeRights = false)
    {
        var importer = new Importer(
            _client, new ImportOptions(4, "/", keepCuid, policy, includeRights, whatIf), _told.Add, (failure, item) => _failed.Add((failure, item)));
        var line = 0;
        foreach (var one in objects)
            await importer.AddAsync(new ImportItem(one, ++line), TestContext.Current.CancellationToken);
        await importer.EndAsync(TestContext.Current.CancellationToken);
    }

    private static List<CmsObjectInfo> Tree(int folders, int each)
    {
        var none = JsonSerializer.Deserialize<JsonElement>("{}");
        List<CmsObjectInfo> tree = [FakeClient.Info(50, 23, "/top", "top", "Folder", none)];
        for (var f = 0; f < folders; f++)
        {
            var folder = FakeClient.Info(100 + f, 50, $"/top/f{f}", $"f{f}", "Folder", none);
            tree.Add(folder);
            for (var d = 0; d < each; d++)
            {
                var properties = JsonSerializer.Deserialize<JsonElement>($$"""{"n":{{d}}}""");
                tree.Add(FakeClient.Info(10_000 + (f * 100) + d, folder.Id, $"{folder.Path}/d{d}", $"d{d}", "Txt", properties));
            }
        }

        return tree;
    }
}
