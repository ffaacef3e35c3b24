using System.Net;
using System.Text.Json;

namespace LoggerCms.Client.Tests;

/// <summary>A query that fails after its first rows: what is answered is the failure alone, or nothing that looks whole.</summary>
public sealed class BrokenAnswerTests(TestNode node) : IClassFixture<TestNode>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Before_anything_was_sent_the_answer_is_the_failure_and_nothing_else()
    {
        using var client = await node.ConnectAsync();
        var query = await CostlyAsync(client, rows: 3, bytesOfRow: 10);
        using var http = await RawHttp.OpenAsync(node, client, Cancellation);

        using var response = await http.SendAsync(RawHttp.Query(new CmsQueryRequest { Query = query }, "2.0"), Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(Cancellation), CmsJson.Default.CmsError);
        Assert.Equal(ErrorCodes.InvalidQuery, error!.Code);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => client.QueryAsync(query, Cancellation).ToListAsync(Cancellation).AsTask());
        Assert.Equal(ErrorCodes.InvalidQuery, failure.Code);
        Assert.Contains("fewer conditions", failure.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task After_something_was_sent_it_is_broken_off(string version)
    {
        using var client = await node.ConnectAsync();
        var query = await CostlyAsync(client, rows: 20, bytesOfRow: 20_000);
        using var http = await RawHttp.OpenAsync(node, client, Cancellation);

        using var response = await http.SendAsync(RawHttp.Query(new CmsQueryRequest { Query = query }, version), HttpCompletionOption.ResponseHeadersRead, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync(Cancellation));
    }

    /// <summary>Objects that the query finds, then some on which it spends all that it may take.</summary>
    private static async Task<string> CostlyAsync(CmsClient client, int rows, int bytesOfRow)
    {
        var folder = (await client.ChangeAsync(Change.Create($"f{Guid.NewGuid():N}"), Cancellation)).Changed[0].Id;
        for (var i = 0; i < rows; i++)
            await MakeAsync($"a{i}", new string('x', bytesOfRow));
        for (var i = 0; i < 8; i++)
            await MakeAsync($"b{i}", new string('a', 900_000));
        var costly = string.Join(" OR ", Enumerable.Range(0, 20).Select(_ => $"t LIKE '%{new string('a', 200)}b%'"));
        return $"SELECT SI_ID, t FROM CI_INFOOBJECTS WHERE SI_PARENTID = {folder} AND (t LIKE 'x%' OR {costly})";

        Task MakeAsync(string name, string text) => client.ChangeAsync(
            new CmsChangeRequest
            {
                Changes = [new CmsChange
                {
                    Operation = "Create", Kind = "Webi", Name = name, ParentId = folder, Properties = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["t"] = text }),
                }],
            },
            Cancellation);
    }
}
