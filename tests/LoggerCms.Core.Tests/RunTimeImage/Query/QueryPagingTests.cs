using System.Buffers.Text;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.RunTimeImage.Query;

namespace LoggerCms.Core.Tests.RunTimeImage.Query;

using RunTimeImage = LoggerCms.Core.RunTimeImage.RunTimeImage;

/// <summary>Pages of a live view: what does not move is given once, whatever is done to the rest between two pages.</summary>
public sealed class QueryPagingTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("")]
    [InlineData("ORDER BY SI_NAME")]
    [InlineData("ORDER BY a DESC, SI_NAME")]
    [InlineData("ORDER BY a, b DESC, c, SI_UPDATE_TS DESC")]
    public async Task Rows_that_are_removed_as_they_come_leave_none_out(string order)
    {
        var random = Seeded();
        var image = Sample(random, 200);
        var query = $"SELECT TOP 100000 SI_ID FROM CI_INFOOBJECTS WHERE SI_ID >= 1000 {order}";
        var whole = QueryEngineTests.Join(await QueryEngineTests.Rows(query, view: image));
        List<string> given = [];
        var key = 5000L;
        for (string? token = null; ;)
        {
            var page = (await QueryEngineTests.Rows(query, token, image, together: 8)).Take(7).ToList();
            if (page.Count == 0)
                break;
            given.Add(QueryEngineTests.Join(page));
            token = page[^1].Token;
            foreach (var row in page.Where(_ => random.Next(4) > 0))
                image.Apply([ObjectChange.Remove(row.Object.Id, ++key)]);
        }

        Assert.Equal(whole, string.Join(' ', given));
    }

    [Fact]
    public async Task What_is_sorted_part_by_part_is_in_the_same_order()
    {
        var random = Seeded();
        var image = Sample(random, 300);
        for (var round = 0; round < 30; round++)
        {
            string[] columns = ["a", "b DESC", "c", "a.b", "SI_NAME DESC", "SI_KIND", "SI_PATH"];
            random.Shuffle(columns);
            var query = $"SELECT TOP {random.Next(1, 400)} SI_ID FROM CI_INFOOBJECTS WHERE SI_ID >= 1000 ORDER BY {string.Join(", ", columns.Take(random.Next(1, 4)))}";
            var whole = QueryEngineTests.Join(await QueryEngineTests.Rows(query, view: image));
            Assert.Equal(whole, QueryEngineTests.Join(await QueryEngineTests.Rows(query, view: image, together: random.Next(1, 50))));
        }
    }

    [Fact]
    public async Task Rows_that_go_while_they_are_read_back_do_not_end_it()
    {
        var image = Sample(Seeded(), 60);
        var rows = await QueryEngineTests.Rows("SELECT TOP 100 x FROM CI_INFOOBJECTS WHERE SI_ID >= 1000 ORDER BY SI_NAME", view: new Leaky(image), together: 4);
        Assert.Equal(30, rows.Count);
    }

    [Fact]
    public async Task Texts_of_any_length_have_a_place_of_bounded_length()
    {
        var image = new RunTimeImage();
        image.Apply([.. SystemObjects.Create(1, 0, []).Select(ObjectChange.Put)]);

        // What tells the second half of them apart is beyond what counts, and in the middle of a pair.
        var texts = Enumerable.Range(0, 20).Select(i => i < 10
            ? new string('é', i * 400)
            : string.Concat(new string('é', SortedRow.MostOfKey - 1), string.Concat(Enumerable.Repeat(char.ConvertFromUtf32(0x10400), 1000 * (20 - i)))));
        image.Apply([.. texts.Select((text, i) => ObjectChange.Put(Objects.Make(
            1000 + i, 10 + i, properties: PropertyBagTests.Build([.. Enumerable.Range(0, 8).Select(c => ($"c{c}", (PropertyValue)text))]).Encode())))]);
        var query = $"SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_ID >= 1000 ORDER BY {string.Join(", ", Enumerable.Range(0, 8).Select(c => $"c{c}"))}";
        List<long> given = [];
        var longest = 0;
        for (string? token = null; (await QueryEngineTests.Rows(query, token, image, together: 2)).FirstOrDefault() is { } row;)
        {
            given.Add(row.Object.Id);
            token = row.Token;
            longest = Math.Max(longest, token.Length);
        }

        Assert.Equal(Enumerable.Range(1000, 20).Select(id => (long)id), given);
        Assert.InRange(longest, 8 * SortedRow.MostOfKey, 150_000);
    }

    [Fact]
    public async Task A_token_that_is_not_of_this_query_is_refused()
    {
        const string query = "SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_ID >= 1000 ORDER BY a, SI_NAME";
        var random = Seeded();
        var image = Sample(random, 20);
        var token = (await QueryEngineTests.Rows(query, view: image))[5].Token;
        var bytes = Base64Url.DecodeFromChars(token);
        List<string> wrong = ["", "x", "0.5", "12.3", "=", "AQA", "\0", "é", new string('A', 1_000_000), token[..^4], "AAAA" + token, token.ToUpperInvariant()];
        wrong.Add((await QueryEngineTests.Rows(query + " DESC", view: image))[5].Token);
        wrong.Add((await QueryEngineTests.Rows(query.Replace(" ORDER BY a, SI_NAME", "", StringComparison.Ordinal), view: image))[5].Token);
        foreach (var (name, value) in new (string, PropertyValue)[] { ("given", 0), ("given", -1), ("given", 1L << 40), ("given", "1"), ("after", "x"), ("query", 1) })
            wrong.Add(Base64Url.EncodeToString(new PropertyBagBuilder(PropertyBag.Decode(bytes)).Set(name, value).Build().Encode()));
        foreach (var one in wrong)
            Assert.Equal(ErrorCodes.InvalidQuery, (await Assert.ThrowsAsync<LoggerCmsException>(() => QueryEngineTests.Rows(query, one, image))).Code);

        // Any other bytes are a place or refused, and nothing else happens.
        for (var round = 0; round < 2000; round++)
        {
            var forged = bytes.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--)
                forged[random.Next(forged.Length)] = (byte)random.Next(256);
            try
            {
                await QueryEngineTests.Rows(query, Base64Url.EncodeToString(forged), image);
            }
            catch (LoggerCmsException refused)
            {
                Assert.Equal(ErrorCodes.InvalidQuery, refused.Code);
            }
        }
    }

    private Random Seeded()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return new Random(seed);
    }

    private static RunTimeImage Sample(Random random, int count)
    {
        var image = new RunTimeImage();
        image.Apply([.. SystemObjects.Create(1, 0, []).Select(ObjectChange.Put)]);
        for (var id = 1000; id < 1000 + count; id++)
        {
            var values = new[] { "a", "b", "c" }.Where(_ => random.Next(4) > 0).Select(name => (name, Value(random))).ToArray();
            image.Apply([ObjectChange.Put(Objects.Make(id, id, $"{(char)('a' + random.Next(26))}{id}", properties: PropertyBagTests.Build(values).Encode()))]);
        }

        return image;
    }

    private static PropertyValue Value(Random random) => random.Next(11) switch
    {
        0 => random.Next(5),
        1 => random.Next(50) / 10m,
        2 => random.Next(50) / 10.0,
        3 => double.NaN,
        4 => random.Next(2) == 0,
        5 => random.Next(2) == 0 ? "text" : "TEXT" + random.Next(3),
        6 => new DateTimeOffset(2020, 1, 1 + random.Next(3), 0, 0, 0, TimeSpan.FromMinutes(random.Next(-60, 60))),
        7 => new Guid(random.Next(3), 0, 0, new byte[8]),
        8 => new byte[] { (byte)random.Next(3), 1 },
        9 => PropertyValue.List([random.Next(5)]),
        _ => PropertyBagTests.Build(("b", random.Next(5))),
    };

    /// <summary>Every other object goes away while its properties are read back.</summary>
    private sealed class Leaky(RunTimeImage image) : IObjectView, IPropertySource
    {
        public long UpdateKey => image.UpdateKey;

        public CmsObject? Find(long id) => image.Find(id);

        public CmsObject? FindByCuid(string cuid) => image.FindByCuid(cuid);

        public CmsObject? FindChild(long parentId, string name) => image.FindChild(parentId, name);

        public IEnumerable<CmsObject> Children(long parentId) => image.Children(parentId);

        public IEnumerable<CmsObject> OfKind(string kind) => image.OfKind(kind);

        public IEnumerable<CmsObject> All() => image.All().Select(one => one.With(CmsObject.NotInMemory));

        public ValueTask<CmsObject?> GetAsync(long id, CancellationToken cancellationToken) => ValueTask.FromResult(id % 2 == 0 ? image.Find(id) : null);
    }
}
