using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.RunTimeImage.Query;

namespace LoggerCms.Core.Tests.RunTimeImage.Query;

public sealed class QueryEngineTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;
    private static readonly IObjectView View = Sample();

    [Theory]
    [InlineData("SI_ID = 1001", "1001")]
    [InlineData("si_id IN (1002, '1001', 5)", "1001 1002")]
    [InlineData("SI_NAME = 'q1 REPORT'", "1001")]
    [InlineData("SI_NAME = \"Q1 Report\"", "1001")]
    [InlineData("SI_NAME = 'O''Neill'", "1004")]
    [InlineData("SI_CUID = 'C1001'", "1001")]
    [InlineData("SI_CUID = 'c1001'", "")]
    [InlineData("SI_ANCESTOR = 23 AND SI_KIND != 'Folder'", "1001 1002 1004")]
    [InlineData("SI_ANCESTOR IN (1000) AND NOT SI_KIND = 'Pdf'", "1001")]
    [InlineData("SI_ANCESTOR != 23 AND SI_PARENTID = 95", "")]
    [InlineData("SI_PARENT_FOLDER = 1000", "1001 1002")]
    [InlineData("SI_NAME LIKE '%rep_rt'", "1001")]
    [InlineData("SI_NAME LIKE '50\\%%' ESCAPE '\\'", "1002")]
    [InlineData("SI_NAME LIKE '50[%]%'", "1002")]
    [InlineData("SI_NAME LIKE '[A-P]%' AND SI_ID > 1000", "1004")]
    [InlineData("SI_NAME NOT LIKE '[^q5]%' AND SI_ID > 1000", "1001 1002")]
    [InlineData("price = 1.5", "1001")]
    [InlineData("price > 1.49999999999999999999", "1001")]
    [InlineData("ratio = 0.1", "1001")]
    [InlineData("ratio = '0.1'", "1001")]
    [InlineData("ratio IN (7, 0.10)", "1001")]
    [InlineData("ratio BETWEEN 0.1 AND 0.1", "1001")]
    [InlineData("ratio < 0.1", "")]
    [InlineData("ratio != 0.1", "")]
    [InlineData("ratio > 0.09999999999999999", "1001")]
    [InlineData("ratio < 0.1000000000000000055512", "")]
    [InlineData("price = 1.5e0", "1001")]
    [InlineData("big = 9007199254740993", "1001")]
    [InlineData("big = 9007199254740992", "")]
    [InlineData("si_schedule.SI_STATUS = 9", "1001")]
    [InlineData("SI_SCHEDULE IS NOT NULL", "1001")]
    [InlineData("SI_SCHEDULE.Nothing IS NULL AND SI_ID = 1001", "1001")]
    [InlineData("SI_UNIVERSE = 7", "1001")]
    [InlineData("SI_UNIVERSE != 7", "")]
    [InlineData("SI_UNIVERSE != 8", "1001")]
    [InlineData("NOT price = 2", "1001")] // others have no price: unknown, not true
    [InlineData("price BETWEEN 1 AND 2", "1001")]
    [InlineData("SI_ID NOT BETWEEN 5 AND 1002 AND SI_ID > 1000", "1004")]
    [InlineData("SI_UPDATE_TS < '1970.01.01.00.00.01' AND SI_ID = 1001", "1001")]
    [InlineData("SI_UPDATE_TS > '1970-01-01T00:00:01Z' AND SI_ID = 1001", "")]
    [InlineData("SI_PATH = '/Root Folder/Sales/Q1 Report'", "1001")]
    [InlineData("SI_OWNER = 'administrator' AND SI_ID >= 1000 AND SI_CHILDREN = 2", "1000")]
    [InlineData("SI_INSTANCE = 0 AND SI_PARENTID = 1000", "1001 1002")]
    [InlineData("flag = TRUE", "1001")]
    [InlineData("flag = 1", "1001")]
    [InlineData("(SI_ID = 1001 OR SI_ID = 1002) AND NOT (SI_ID = 1002)", "1001")]
    [InlineData("text = 12", "1001")]
    [InlineData("token = '11111111-1111-1111-1111-111111111111'", "1001")]
    [InlineData("[two words] = -3", "1001")]
    public async Task AConditionSelects(string where, string expected)
        => Assert.Equal(expected, await Ids($"SELECT SI_ID FROM CI_INFOOBJECTS WHERE {where}"));

    [Theory]
    [InlineData("CI_SYSTEMOBJECTS", "SI_KIND = 'User'", "11 12")]
    [InlineData("CI_INFOOBJECTS", "SI_KIND = 'User'", "")]
    [InlineData("CI_APPOBJECTS", "SI_PARENTID = 95", "1003")]
    [InlineData("CI_APPOBJECTS, CI_SYSTEMOBJECTS", "SI_ID IN (95, 19, 23)", "19 95")]
    [InlineData("ci_infoobjects, CI_APPOBJECTS, CI_SYSTEMOBJECTS", "SI_ID IN (95, 19, 23)", "19 23 95")]
    public async Task ATableHoldsItsKindsAndTheFoldersOfItsSystemFolders(string tables, string where, string expected)
        => Assert.Equal(expected, await Ids($"SELECT * FROM {tables} WHERE {where}"));

    [Fact]
    public async Task ColumnsComeAsAskedForAndAStarGivesTheBagToo()
    {
        var row = Assert.Single(await Rows("SELECT si_name, price, nothing FROM CI_INFOOBJECTS WHERE SI_ID = 1001"));
        Assert.Equal(["si_name=Q1 Report", "price=1.50", "nothing="], row.Columns.Select(one => $"{one.Key}={one.Value}"));

        var all = Assert.Single(await Rows("SELECT * FROM CI_INFOOBJECTS WHERE SI_ID = 1001"));
        Assert.Contains(all.Columns, one => one.Key == "SI_PATH");
        Assert.Contains(all.Columns, one => one.Key == "SI_SCHEDULE");
    }

    [Fact]
    public async Task OrderByPutsMissingValuesFirstAndTiesById()
        => Assert.Equal(
            "1002 1004 1001 1000",
            Join(await Rows("SELECT TOP 4 * FROM CI_INFOOBJECTS WHERE SI_ID IN (1000, 1001, 1002, 1004) ORDER BY rank ASC, SI_NAME")));

    [Theory]
    [InlineData("")]
    [InlineData(" ORDER BY SI_NAME DESC")]
    public async Task ATokenGoesOnAfterItsRowAndTopCountsOverAllPages(string order)
    {
        var query = $"SELECT TOP 7 SI_ID FROM CI_INFOOBJECTS, CI_SYSTEMOBJECTS WHERE SI_ID < 1000{order}";
        var whole = await Rows(query);
        var paged = new List<QueryRow>();
        for (string? token = null; ;)
        {
            var page = (await Rows(query, token)).Take(3).ToList();
            if (page.Count == 0)
                break;
            paged.AddRange(page);
            token = page[^1].Token;
        }

        Assert.Equal(7, whole.Count);
        Assert.Equal(Join(whole), Join(paged));
    }

    [Fact]
    public async Task RowsAreCutToWhatTheCallerMayView()
        => Assert.Equal("1001", Join(await Rows("SELECT * FROM CI_INFOOBJECTS WHERE SI_PARENTID = 1000", mayView: one => one.Id == 1001)));

    [Fact]
    public async Task ATokenOfSomethingElseIsRefused()
        => Assert.Equal(ErrorCodes.InvalidQuery, (await Assert.ThrowsAsync<LoggerCmsException>(() => Rows("SELECT * FROM CI_INFOOBJECTS", "x"))).Code);

    [Theory]
    [InlineData("SI_ID = 5 AND SI_KIND = 'x'", "SI_ID")]
    [InlineData("SI_KIND = 'x' AND SI_CUID IN ('a', 'b')", "SI_CUID")]
    [InlineData("SI_PARENTID = 5 AND (SI_KIND = 'x' OR SI_ID = 1)", "SI_PARENTID")]
    [InlineData("SI_KIND IN ('Webi', 'Pdf') AND SI_ANCESTOR = 23", "SI_KIND")]
    [InlineData("SI_NAME = 'x' AND (SI_NAME = 'y' AND SI_ANCESTOR = 23)", "SI_ANCESTOR")]
    [InlineData("SI_ID = 5 OR SI_KIND = 'x'", "scan")]
    [InlineData("NOT SI_ID = 5", "scan")]
    [InlineData("SI_ID = 5.5", "scan")]
    public void TheNarrowestIndexIsUsed(string where, string index)
        => Assert.Equal(index, QueryEngine.Explain($"SELECT * FROM CI_INFOOBJECTS WHERE {where}"));

    [Fact]
    public async Task APropertyDoesNotStandForAColumnOfEveryObject()
    {
        var image = Sample();
        image.Apply([ObjectChange.Put(Objects.Make(2000, 10, "true name", properties: PropertyBagTests.Build(("si_Name", "false name"), ("SI_ID", 1), ("own", 2)).Encode()))]);

        var row = Assert.Single(await Rows("SELECT * FROM CI_INFOOBJECTS WHERE SI_ID = 2000", view: image));

        Assert.Equal("true name", Assert.Single(row.Columns, c => c.Key.Equals("SI_NAME", StringComparison.OrdinalIgnoreCase)).Value.AsString);
        Assert.Equal(2000, Assert.Single(row.Columns, c => c.Key == "SI_ID").Value.AsInteger);
        Assert.Contains(row.Columns, c => c.Key == "own");
    }

    internal static async Task<List<QueryRow>> Rows(
        string query, string? token = null, IObjectView? view = null, Func<CmsObject, bool>? mayView = null, int together = int.MaxValue)
    {
        var rows = new List<QueryRow>();
        await foreach (var row in QueryEngine.Run(view ?? View, query, mayView ?? (static _ => true), token, Cancel, together: together))
            rows.Add(row);
        return rows;
    }

    internal static string Join(IEnumerable<QueryRow> rows) => string.Join(' ', rows.Select(row => row.Object.Id));

    private static async Task<string> Ids(string query) => Join(await Rows(query));

    private static LoggerCms.Core.RunTimeImage.RunTimeImage Sample()
    {
        var image = new LoggerCms.Core.RunTimeImage.RunTimeImage();
        image.Apply([.. SystemObjects.Create(1, 0, []).Select(ObjectChange.Put)]);
        var bag = PropertyBagTests.Build(
            ("price", 1.50m), ("ratio", 0.1), ("big", 9007199254740993), ("flag", true), ("text", "12"), ("token", new Guid("11111111-1111-1111-1111-111111111111")),
            ("SI_SCHEDULE", PropertyBagTests.Build(("SI_STATUS", 9))), ("SI_UNIVERSE", PropertyValue.List([7, 9])), ("two words", -3), ("rank", "a"));
        image.Apply([
            ObjectChange.Put(Objects.Make(1000, 2, "Sales", 23, "Folder", properties: PropertyBagTests.Build(("rank", "b")).Encode())),
            ObjectChange.Put(Objects.Make(1001, 3, "Q1 Report", 1000, "CrystalReport", properties: bag.Encode())),
            ObjectChange.Put(Objects.Make(1002, 4, "50% off", 1000, "Pdf", properties: [])),
            ObjectChange.Put(Objects.Make(1003, 5, "Folder of universes", 95, "Folder", properties: [])),
            ObjectChange.Put(Objects.Make(1004, 6, "O'Neill", 23, "Webi", properties: []))]);
        return image;
    }
}
