using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Client.Tests;

/// <summary>The client against a node in this process, with a network between them that breaks.</summary>
public sealed class ClientTests(TestNode node) : IClassFixture<TestNode>
{
    private static readonly CmsClientOptions s_noRetry = new() { RetryFor = TimeSpan.Zero };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_whose_answer_was_lost_is_sent_again_and_made_once()
    {
        await using var relay = new Relay(node.Endpoint);
        using var client = await node.ConnectAsync(relay.Endpoint);
        relay.DropAnswers(1);

        var answer = await client.ChangeAsync(Change.Create("lost answer"), Cancellation);

        Assert.True(answer.Repeated);
        Assert.Equal(1, (await client.GetObjectByPathAsync("/Root Folder/lost answer", Cancellation)).Version);
        Assert.Equal(2, relay.Connections);
    }

    [Fact]
    public async Task A_token_whose_answer_was_lost_is_not_asked_for_again()
    {
        await using var relay = new Relay(node.Endpoint);
        using var client = await node.ConnectAsync(relay.Endpoint);
        var before = (await client.GetTokensAsync(Cancellation)).Count;
        relay.DropAnswers(1);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => client.IssueTokenAsync(new CmsTokenRequest { Name = "once" }, Cancellation));

        Assert.Equal(ErrorCodes.ConnectionLost, failure.Code);
        Assert.Contains("Get-CmsToken 'once'", failure.Remedy, StringComparison.Ordinal);
        Assert.Contains("Revoke-CmsToken", failure.Remedy, StringComparison.Ordinal);
        Assert.Equal(before + 1, (await client.GetTokensAsync(Cancellation)).Count);
    }

    [Fact]
    public async Task A_node_of_another_system_is_refused_before_a_token_is_sent_to_it()
    {
        await using var other = new TestNode();
        await other.InitializeAsync();
        await using var relay = new Relay(other.Endpoint);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => node.ConnectAsync(relay.Endpoint));

        Assert.Equal(ErrorCodes.CertificateNotTrusted, failure.Code);
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task A_revoked_token_is_refused_from_the_next_call_on()
    {
        using var admin = await node.ConnectAsync();
        var issued = await admin.IssueTokenAsync(new CmsTokenRequest { Name = "short" }, Cancellation);
        using var client = await node.ConnectAsync(token: issued.Text);
        await client.GetNodeAsync(Cancellation);

        await admin.RevokeTokenAsync(issued.Token.Id, Cancellation);

        Assert.Equal(ErrorCodes.Unauthenticated, (await Assert.ThrowsAsync<LoggerCmsException>(() => client.GetNodeAsync(Cancellation))).Code);
    }

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        using var admin = await node.ConnectAsync();
        var issued = await admin.IssueTokenAsync(new CmsTokenRequest { Name = "over", Lifetime = TimeSpan.FromTicks(10) }, Cancellation);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => node.ConnectAsync(token: issued.Text));

        Assert.Equal(ErrorCodes.Unauthenticated, failure.Code);
        Assert.Contains("expired", failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.Remedy);
    }

    [Fact]
    public async Task A_user_logs_on_by_password_and_no_other_password_does()
    {
        using var admin = await node.ConnectAsync();
        await admin.SetPasswordAsync(SystemObjects.Administrator, new CmsPassword { New = "correct horse" }, Cancellation);

        using var client = await LogOnAsync("correct horse");
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => LogOnAsync("battery staple"));

        Assert.Equal("test", (await client.GetNodeAsync(Cancellation)).Name);
        Assert.Equal(ErrorCodes.AuthenticationFailed, failure.Code);
        Assert.DoesNotContain("battery", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_a_call_that_waits_and_it_is_not_sent_again()
    {
        await using var relay = new Relay(node.Endpoint);
        using var client = await node.ConnectAsync(relay.Endpoint);
        relay.Hold();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var call = client.GetImageAsync(cancel.Token);
        await relay.Held.WaitAsync(Cancellation);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait_between_two_tries()
    {
        await using var gone = new TestNode();
        await gone.InitializeAsync();
        using var client = await gone.ConnectAsync(options: new CmsClientOptions { RetryFor = TimeSpan.FromHours(2), FirstDelay = TimeSpan.FromHours(1), LongestDelay = TimeSpan.FromHours(1) });
        await gone.EndAsync();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var call = client.GetNodeAsync(cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task Where_no_node_is_the_failure_is_typed_and_says_what_to_do()
    {
        await using var gone = new TestNode();
        await gone.InitializeAsync();
        using var client = await gone.ConnectAsync(options: s_noRetry);
        await gone.EndAsync();

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => client.GetNodeAsync(Cancellation));

        Assert.Equal(ErrorCodes.ServerUnreachable, failure.Code);
        Assert.Contains("Start-CmsNode", failure.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT", ErrorCodes.InvalidQuery)]
    [InlineData("SELECT * FROM NOTHING", ErrorCodes.InvalidQuery)]
    public async Task A_failure_of_the_node_comes_with_its_own_code_and_remedy(string query, string code)
    {
        using var client = await node.ConnectAsync();

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(async () =>
        {
            await foreach (var _ in client.QueryAsync(query, Cancellation))
                Assert.Fail("There is no row.");
        });

        Assert.Equal(code, failure.Code);
        Assert.NotEmpty(failure.Remedy);
        Assert.Equal(ErrorCodes.ObjectNotFound, (await Assert.ThrowsAsync<LoggerCmsException>(() => client.GetObjectAsync(999_999_999, Cancellation))).Code);
    }

    [Fact]
    public async Task Ten_thousand_objects_come_page_after_page_each_once_by_every_way()
    {
        const int count = 10_000;
        using var client = await node.ConnectAsync();
        var folder = (await client.ChangeAsync(Change.Create("many"), Cancellation)).Changed[0].Id;
        foreach (var part in Enumerable.Range(0, count).Select(i => $"object {i}").Chunk(500))
            await client.ChangeAsync(Change.CreateIn(folder, part), Cancellation);

        var children = await client.GetChildrenAsync(folder, Cancellation).Select(o => o.Id).ToListAsync(Cancellation);
        var rows = await client.QueryAsync($"SELECT TOP {2 * count} SI_ID FROM CI_INFOOBJECTS WHERE SI_PARENTID={folder}", Cancellation)
            .Select(row => row.GetProperty("SI_ID").GetInt64()).ToListAsync(Cancellation);
        var exported = await client.ExportAsync(folder, includeRights: false, Cancellation).Select(o => o.Id).ToListAsync(Cancellation);

        Assert.Equal(count, children.Distinct().Count());
        Assert.Equal(count, children.Count);
        Assert.Equal(children.Order(), rows.Order());
        Assert.Equal(children.Append(folder).Order(), exported.Order());
        Assert.Equal(folder, exported[0]);
    }

    [Fact]
    public async Task An_export_that_is_cut_off_is_a_failure_and_not_a_shorter_export()
    {
        await using var relay = new Relay(node.Endpoint);
        using var direct = await node.ConnectAsync();
        var folder = (await direct.ChangeAsync(Change.Create("cut"), Cancellation)).Changed[0].Id;
        foreach (var part in Enumerable.Range(0, 4000).Select(i => $"object {i}").Chunk(500))
            await direct.ChangeAsync(Change.CreateIn(folder, part), Cancellation);
        using var client = await node.ConnectAsync(relay.Endpoint);

        var failure = await Assert.ThrowsAsync<LoggerCmsException>(async () =>
        {
            await foreach (var one in client.ExportAsync(folder, includeRights: false, Cancellation))
                relay.DropAnswers(1);
        });

        Assert.Equal(ErrorCodes.ConnectionLost, failure.Code);
    }

    [Fact]
    public async Task Audit_events_sent_twice_are_stored_once_and_come_page_after_page()
    {
        using var client = await node.ConnectAsync();
        List<CmsAuditEvent> events = [.. Enumerable.Range(0, 25).Select(i => new CmsAuditEvent
        {
            Id = Guid.CreateVersion7(), Time = DateTimeOffset.UnixEpoch.AddSeconds(i / 2), Source = "paging", Action = "Print", Result = "Succeeded",
        })];
        await client.SendAuditAsync(events, Cancellation);
        await client.SendAuditAsync(events, Cancellation);

        List<Guid> found;
        do
        {
            // They go to the database behind the answer.
            found = await client.GetAuditAsync(new CmsAuditQuery { Source = "paging", Take = 10 }, Cancellation).Select(e => e.Id).ToListAsync(Cancellation);
        }
        while (found.Count < events.Count);

        Assert.Equal(events.Select(e => e.Id).Order(), found.Order());
    }

    private Task<CmsClient> LogOnAsync(string password)
        => CmsClient.ConnectAsync(
            new CmsConnection { Profile = node.Profile, Credential = new System.Net.NetworkCredential("Administrator", password) },
            cancellationToken: Cancellation);
}
