using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.RunTimeImage.Query;

namespace LoggerCms.Core.Tests.RunTimeImage.Query;

using RunTimeImage = LoggerCms.Core.RunTimeImage.RunTimeImage;

/// <summary>Queries that are short and take long.</summary>
public sealed class QueryWorkTests
{
    private const int Long = 1_000_000;

    [Fact]
    public async Task One_that_looks_at_a_long_text_too_often_is_refused()
    {
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => RunAsync(Costly(200), TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCodes.InvalidQuery, failure.Code);
    }

    [Fact]
    public async Task One_that_nobody_waits_for_any_more_ends_within_an_object()
    {
        using var gone = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(Costly(1, length: 100), gone.Token, () => gone.Cancel()));
    }

    [Fact]
    public async Task One_whose_conditions_are_plain_is_not_refused_however_many_objects_there_are()
    {
        var image = new RunTimeImage();
        image.Apply([.. SystemObjects.Create(1, 0, []).Select(ObjectChange.Put)]);
        image.Apply([.. Enumerable.Range(1000, 50_000).Select(id => ObjectChange.Put(Objects.Make(id, id, $"n{id}", 23, properties: PropertyBagTests.Build(("x", "some text to look at")).Encode())))]);
        var count = 0;
        await foreach (var _ in QueryEngine.Run(
            image, "SELECT TOP 100000 SI_ID FROM CI_INFOOBJECTS WHERE x LIKE '%look%' AND x LIKE '%text%' AND SI_NAME LIKE 'n%'", static _ => true, null, TestContext.Current.CancellationToken))
        {
            count++;
        }

        Assert.Equal(50_000, count);
    }

    [Fact]
    public async Task What_lies_below_folders_that_lie_in_each_other_is_looked_at_once_and_ends_with_the_caller()
    {
        const int folders = 40, leaves = 500;
        var image = new RunTimeImage();
        image.Apply([.. SystemObjects.Create(1, 0, []).Select(ObjectChange.Put)]);
        image.Apply([.. Enumerable.Range(0, folders).Select(i => ObjectChange.Put(Objects.Make(3000 + i, 10 + i, $"f{i}", i == 0 ? 23 : 2999 + i, ObjectKinds.Folder)))]);
        image.Apply([.. Enumerable.Range(0, leaves).Select(i => ObjectChange.Put(Objects.Make(4000 + i, 100 + i, $"n{i}", 2999 + folders)))]);
        var query = $"SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_ANCESTOR IN ({string.Join(',', Enumerable.Range(3000, folders))})";
        var view = new Watched(image, null);

        Assert.Equal(folders - 1 + leaves, (await QueryEngineTests.Rows(query + " AND SI_ID > 0", view: view)).Count);
        Assert.Equal(folders + leaves, view.Lists);

        using var gone = new CancellationTokenSource();
        view = new Watched(image, null) { OnList = gone.Cancel };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var row in QueryEngine.Run(view, query, static _ => true, null, gone.Token))
                Assert.Fail($"{row.Object.Id} was found.");
        });
        Assert.Equal(1, view.Lists);
    }

    private static string Costly(int conditions, int length = 250)
    {
        var costly = string.Join(" OR ", Enumerable.Range(0, conditions).Select(i => $"x LIKE '%{new string('a', length)}b{i}'"));
        return $"SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_ID = 2000 AND (SI_PARENT_CUID = 'none' OR {costly})";
    }

    private static async Task RunAsync(string query, CancellationToken cancellationToken, Action? onFound = null)
    {
        var image = new RunTimeImage();
        image.Apply([.. SystemObjects.Create(1, 0, []).Select(ObjectChange.Put)]);
        image.Apply([ObjectChange.Put(Objects.Make(2000, 10, "long", 23, properties: PropertyBagTests.Build(("x", new string('a', Long))).Encode()))]);
        var view = new Watched(image, onFound);
        await foreach (var row in QueryEngine.Run(view, query, static _ => true, null, cancellationToken))
            Assert.Fail($"{row.Object.Id} was found.");
    }

    /// <summary>Does something when the folder of an object is looked up, which is after the look between two objects.</summary>
    private sealed class Watched(RunTimeImage image, Action? onFound) : IObjectView
    {
        public long UpdateKey => image.UpdateKey;

        public CmsObject? Find(long id)
        {
            if (id == 23)
                onFound?.Invoke();
            return image.Find(id);
        }

        public CmsObject? FindByCuid(string cuid) => image.FindByCuid(cuid);

        public CmsObject? FindChild(long parentId, string name) => image.FindChild(parentId, name);

        public int Lists { get; private set; }

        public Action? OnList { get; init; }

        public IEnumerable<CmsObject> Children(long parentId)
        {
            Lists++;
            OnList?.Invoke();
            return image.Children(parentId);
        }

        public IEnumerable<CmsObject> OfKind(string kind) => image.OfKind(kind);

        public IEnumerable<CmsObject> All() => image.All();
    }
}
