using System.Text.Json;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Client.Tests;

/// <summary>Reads are in the audit where the node is told so.</summary>
public sealed class AuditedReadsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_read_and_each_query_is_an_event_that_says_what_was_asked_and_by_whom()
    {
        await using var node = new TestNode { AuditsReads = true };
        await node.InitializeAsync();
        using var client = await node.ConnectAsync();
        await client.GetObjectAsync(SystemObjects.RootFolder, Cancellation);
        await client.GetObjectByPathAsync("/Users", Cancellation);
        const string query = "SELECT SI_ID FROM CI_SYSTEMOBJECTS WHERE SI_KIND = 'User'";
        await client.QueryAsync(query, Cancellation).ToListAsync(Cancellation);
        await client.GetRightsAsync(SystemObjects.Users, Cancellation);
        await client.TestRightAsync(new CmsRightQuestion { ObjectId = SystemObjects.Users, Right = "View", PrincipalId = SystemObjects.Guest }, Cancellation);
        await client.GetTokensAsync(Cancellation);
        await client.GetNodeAsync(Cancellation);
        await Assert.ThrowsAsync<LoggerCmsException>(() => client.GetObjectAsync(1 << 30, Cancellation));

        var events = await ReadsAsync(client, 6);
        var question = $$"""/v1/rights/test {"ObjectId":{{SystemObjects.Users}},"PrincipalId":{{SystemObjects.Guest}},"Right":"View"}""";
        Assert.Equal(["/v1/objects/23", "/v1/objects?path=%2FUsers", query, $"/v1/objects/{SystemObjects.Users}/rights", question, "/v1/tokens"], events.Select(e => e.Detail));
        Assert.Equal([SystemObjects.RootFolder, 0, 0, SystemObjects.Users, 0, 0], events.Select(e => e.ObjectId));
        Assert.All(events, e => Assert.Equal(("Succeeded", "Administrator"), (e.Result, e.Principal)));
    }

    [Fact]
    public async Task A_read_that_its_caller_broke_off_is_an_event_too()
    {
        await using var node = new TestNode { AuditsReads = true };
        await node.InitializeAsync();
        using var client = await node.ConnectAsync();

        // More than the connection holds by itself.
        var text = JsonSerializer.SerializeToElement(new { text = new string('x', 90_000) });
        for (var i = 0; i < 30; i++)
        {
            var changes = Enumerable.Range(0, 10).Select(
                n => new CmsChange { Operation = "Create", Kind = "Txt", Name = $"large {i} {n}", ParentId = SystemObjects.RootFolder, Properties = text });
            await client.ChangeAsync(new CmsChangeRequest { Changes = [.. changes] }, Cancellation);
        }

        await foreach (var first in client.ExportAsync(SystemObjects.RootFolder, includeRights: false, Cancellation))
        {
            Assert.Equal(SystemObjects.RootFolder, first.Id);
            break;
        }

        Assert.StartsWith("/v1/objects/23/export", Assert.Single(await ReadsAsync(client, 1)).Detail, StringComparison.Ordinal);
    }

    // They go to the database behind the answer.
    private static async Task<List<CmsAuditEvent>> ReadsAsync(CmsClient client, int least)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        List<CmsAuditEvent> events;
        do
            events = await client.GetAuditAsync(new CmsAuditQuery { Action = "Read" }, patience.Token).ToListAsync(patience.Token);
        while (events.Count(IsOther) < least);
        return [.. events.Where(IsOther)];

        // That one looks is an event too.
        static bool IsOther(CmsAuditEvent e) => !e.Detail.StartsWith("/v1/audit/query ", StringComparison.Ordinal);
    }
}
