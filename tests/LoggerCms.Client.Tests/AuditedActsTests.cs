using System.Net;
using System.Net.Http.Headers;
using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Client.Tests;

/// <summary>What is no change of an object is in the audit too, whoever did or tried it.</summary>
public sealed class AuditedActsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestNode _node = new() { AuditsReads = true };
    private readonly HttpClient _http = new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } });
    private CmsClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _node.InitializeAsync();
        _client = await _node.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_lifetime_that_is_none_is_refused_before_the_password_is_looked_at_and_a_right_one_that_gives_no_token_is_told()
    {
        await _client.SetPasswordAsync(SystemObjects.Guest, new CmsPassword { New = "right password" }, Cancellation);
        foreach (var password in new[] { "right password", "wrong password" })
        {
            using var answer = await PostAsync("v1/logon", $$"""{"User":"Guest","Password":"{{password}}","Lifetime":"100000.00:00:00"}""");
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        await Parallel.ForAsync(
            0,
            Core.Security.TokenService.MostInForce,
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Cancellation },
            async (_, token) => await _client.IssueTokenAsync(new CmsTokenRequest { PrincipalId = SystemObjects.Guest }, token));
        using (var answer = await PostAsync("v1/logon", """{"User":"Guest","Password":"right password"}"""))
            Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        var told = await ToldAsync(new CmsAuditQuery { Action = "Logon", Result = "Failed" });
        Assert.StartsWith("The password was right. User ", told.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_reaches_for_what_is_hidden_or_is_held_up_is_told_of()
    {
        var own = (await _client.GetTokensAsync(Cancellation))[0].Id;
        var guest = await _client.IssueTokenAsync(new CmsTokenRequest { PrincipalId = SystemObjects.Guest }, Cancellation);
        using var client = await _node.ConnectAsync(token: guest.Text);
        await Assert.ThrowsAsync<LoggerCmsException>(() => client.RevokeTokenAsync(own, Cancellation));
        await Assert.ThrowsAsync<LoggerCmsException>(() => client.SetPasswordAsync(SystemObjects.Administrator, new CmsPassword { New = "my password" }, Cancellation));
        var revoke = await ToldAsync(new CmsAuditQuery { Action = "Token", Result = "Denied", Text = $"DELETE /v1/tokens/{own}" });
        var set = await ToldAsync(new CmsAuditQuery { Action = "Update", Result = "Denied", Text = "password set" });
        Assert.All([revoke, set], e => Assert.Equal(("Denied", "Guest", SystemObjects.Administrator), (e.Result, e.Principal, e.ObjectId)));

        HttpStatusCode status;
        do
        {
            using var answer = await PostAsync("v1/logon", """{"User":"nobody","Password":"wrong password"}""");
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.NotNull(await ToldAsync(new CmsAuditQuery { Action = "Logon", Result = "Denied", Principal = "nobody", Text = "Too many" }));
    }

    [Fact]
    public async Task What_operators_do_to_the_node_and_who_reads_the_audit_is_told()
    {
        await _client.FlushAsync(Cancellation);
        Assert.Equal("Succeeded", (await ToldAsync(new CmsAuditQuery { Action = "Flush" })).Result);
        var folder = Path.Combine(TestHome.NewFolder(), "backup");
        await _client.BackupAsync(new CmsBackupRequest { Path = folder }, Cancellation);
        await Assert.ThrowsAsync<LoggerCmsException>(() => _client.BackupAsync(new CmsBackupRequest { Path = folder }, Cancellation));
        Assert.Equal($"into {folder}", (await ToldAsync(new CmsAuditQuery { Action = "Backup", Result = "Succeeded" })).Detail);
        Assert.StartsWith($"into {folder}: ", (await ToldAsync(new CmsAuditQuery { Action = "Backup", Result = "Failed" })).Detail, StringComparison.Ordinal);
        var deltas = Directory.CreateDirectory(Path.Combine(TestHome.NewFolder(), "deltas")).FullName;
        await _client.ReconcileAsync(new CmsReconcileRequest { Path = deltas }, Cancellation);
        Assert.StartsWith($"delta files in {deltas}, ", (await ToldAsync(new CmsAuditQuery { Action = "Reconcile" })).Detail, StringComparison.Ordinal);
        Assert.Contains("\"Action\":\"Reconcile\"", (await ToldAsync(new CmsAuditQuery { Action = "Read", Text = "Reconcile" })).Detail, StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string json, string? token = null)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_node.Endpoint, path)) { Content = content };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request, Cancellation);
    }

    // Events go to the database behind the answer.
    private async Task<CmsAuditEvent> ToldAsync(CmsAuditQuery query)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (true)
        {
            if (await _client.GetAuditAsync(query, patience.Token).ToListAsync(patience.Token) is [var first, ..])
                return first;
        }
    }
}
