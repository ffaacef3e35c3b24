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
        using var client = await node.ConnectAsync(options: new CmsClientOptions { PageSize = 40 });
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
}
