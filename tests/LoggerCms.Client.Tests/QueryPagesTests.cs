using System.Text.Json;

namespace LoggerCms.Client.Tests;

/// <summary>A query's rows as they are used: something is done with each before the next page is asked for.</summary>
public sealed class QueryPagesTests(TestNode node) : IClassFixture<TestNode>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Remove")]
    [InlineData("Update")]
    public async Task Each_row_of_an_order_is_come_to_though_those_before_it_are_removed_or_changed(string operation)
    {
        const int count = 300;
        using var client = await node.ConnectAsync(options: new CmsClientOptions { PageSize = 7 });
        var folder = (await client.ChangeAsync(Change.Create(operation), Cancellation)).Changed[0].Id;
        await client.ChangeAsync(Change.CreateIn(folder, Enumerable.Range(0, count).Select(i => $"object {i}")), Cancellation);
        var query = $"SELECT TOP 10000 SI_ID FROM CI_INFOOBJECTS WHERE SI_PARENTID={folder} AND SI_VERSION = 1 ORDER BY SI_NAME DESC";
        HashSet<long> given = [];

        await foreach (var row in client.QueryAsync(query, Cancellation))
        {
            var id = row.GetProperty("SI_ID").GetInt64();
            Assert.True(given.Add(id));
            var change = new CmsChange { Operation = operation, Id = id, Name = operation == "Update" ? $"changed {id}" : null };
            await client.ChangeAsync(new CmsChangeRequest { Changes = [change] }, Cancellation);
        }

        Assert.Equal(count, given.Count);
        Assert.Empty(await client.QueryAsync(query, Cancellation).ToListAsync(Cancellation));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ORDER BY SI_NAME DESC")]
    public async Task Large_rows_come_on_pages_of_fewer_and_all_come(string order)
    {
        using var client = await node.ConnectAsync();
        var folder = (await client.ChangeAsync(Change.Create($"large{order.Length}"), Cancellation)).Changed[0].Id;
        var properties = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["t"] = new string('x', 900_000) });
        for (var i = 0; i < 22; i++)
        {
            await client.ChangeAsync(
                new CmsChangeRequest { Changes = [new CmsChange { Operation = "Create", Kind = "Webi", Name = $"o{i}", ParentId = folder, Properties = properties }] }, Cancellation);
        }

        var request = new CmsQueryRequest { Query = $"SELECT SI_ID, t FROM CI_INFOOBJECTS WHERE SI_PARENTID={folder}{order}" };
        using var http = await RawHttp.OpenAsync(node, client, Cancellation);
        using var answer = await http.SendAsync(RawHttp.Query(request), Cancellation);
        var page = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(Cancellation), CmsJson.Default.CmsQueryPage)!;

        Assert.InRange(page.Rows.Count, 9, 11);
        Assert.NotNull(page.Next);
        Assert.Equal(22, (await client.QueryAsync(request.Query, Cancellation).ToListAsync(Cancellation)).Select(row => row.GetProperty("SI_ID").GetInt64()).Distinct().Count());
    }
}
