using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Text;
using System.Text.Json;

namespace LoggerCms.Client.Tests;

/// <summary>Requests that no client of ours sends: each answer that refuses one says what is wrong and what to do.</summary>
public sealed class RefusalTests(TestNode node) : IClassFixture<TestNode>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "v1/nothing", HttpStatusCode.NotFound, ErrorCodes.ObjectNotFound)]
    [InlineData("GET", "v1/objects/9223372036854775808", HttpStatusCode.NotFound, ErrorCodes.ObjectNotFound)]
    [InlineData("DELETE", "v1/tokens/abc", HttpStatusCode.NotFound, ErrorCodes.ObjectNotFound)]
    [InlineData("GET", "v1/objects/23/children?take=abc", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("GET", "v1/objects/23/export?rights=maybe", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("GET", "v1/objects/23/export?right=true", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("GET", "v1/objects/23/children?take=5&Take=6", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("GET", "v1/objects/23/children?id=24", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("GET", "v1/objects?path=/&service=1", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("POST", "v1/flush?wait=1", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("POST", "v1/stop?dry=1", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("POST", "v1/changes?plan=1", HttpStatusCode.BadRequest, ErrorCodes.InvalidObject)]
    [InlineData("PUT", "v1/node", HttpStatusCode.MethodNotAllowed, ErrorCodes.InvalidObject)]
    [InlineData("POST", "v1/query", HttpStatusCode.UnsupportedMediaType, ErrorCodes.InvalidObject)]
    public async Task A_request_that_no_endpoint_takes_is_told_why(string method, string path, HttpStatusCode status, string code)
    {
        using var content = new StringContent("x", Encoding.UTF8, "text/plain");
        using var answer = await SendAsync(method, path, method == "POST" ? content : null);

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(code, await CodeAsync(answer));
        Assert.Equal(status == HttpStatusCode.MethodNotAllowed, answer.Content.Headers.Allow.Count > 0);
    }

    [Theory]
    [InlineData("""{"a":null}""")]
    [InlineData("""{"when":{"$date":"12:30"}}""")]
    public async Task A_property_without_an_exact_value_is_refused(string properties)
    {
        using var content = Json($$"""{"Changes":[{"Operation":"Create","ParentId":23,"Kind":"Txt","Name":"x","Properties":{{properties}}}]}""");
        using var answer = await SendAsync("POST", "v1/changes", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(ErrorCodes.InvalidObject, await CodeAsync(answer));
    }

    [Theory]
    [InlineData("v1/changes", """{"Changes":[{"Operation":"Update","Id":23,"ExpectedVerison":7}]}""", "ExpectedVerison")]
    [InlineData("v1/changes", """{"Changes":[{"Operation":"Update","Operation":"Remove","Id":23}]}""", "Operation")]
    [InlineData("v1/tokens", """{"Name":"m","User":"jane"}""", "User")]
    [InlineData("v1/tokens", """{"Name":"m","name":"n"}""", "Name")]
    [InlineData("v1/users/12/password", """{"Old":"a","New":"another one"}""", "Old")]
    [InlineData("v1/logon", """{"User":"a","Password":"b","Minutes":5}""", "Minutes")]
    [InlineData("v1/rights/test", """{"ObjectId":23,"Right":"View","Principal":11}""", "Principal")]
    [InlineData("v1/query", """{"Query":"SELECT SI_ID FROM CI_INFOOBJECTS","First":5}""", "First")]
    [InlineData("v1/audit/query", """{"Newest":1}""", "Newest")]
    [InlineData("v1/audit", """[{"Id":"01890000-0000-7000-8000-000000000000","Time":"2026-01-01T00:00:00Z","Source":"s","Action":"a","Result":"Succeeded","Object":5}]""", "Object")]
    [InlineData("v1/backup", """{"Path":"/nowhere/b","Force":true}""", "Force")]
    [InlineData("v1/reconcile", """{"WhatIf":true,"whatIf":false}""", "WhatIf")]
    public async Task A_field_that_is_not_known_or_there_twice_is_refused_by_name(string path, string body, string field)
    {
        using var content = Json(body);
        using var answer = await SendAsync("POST", path, content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await ErrorAsync(answer);
        Assert.Equal(ErrorCodes.InvalidObject, error.Code);
        Assert.Contains($"'{field}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_to_where_no_folder_can_be_made_is_the_requests_mistake()
    {
        using var content = Json(JsonSerializer.Serialize(new { Path = Path.Combine(node.Profile, "backup") }));
        using var answer = await SendAsync("POST", "v1/backup", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(ErrorCodes.InvalidOption, await CodeAsync(answer));
    }

    [Fact]
    public async Task A_probe_that_asks_for_the_head_alone_is_answered()
    {
        using var answer = await SendAsync("HEAD", "health", null);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(Cancellation));
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, HttpContent? content)
    {
        using var profile = JsonDocument.Parse(await File.ReadAllTextAsync(node.Profile, Cancellation));
        using var http = new HttpClient(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true } });
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(node.Endpoint, path)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", profile.RootElement.GetProperty("token").GetString());
        return await http.SendAsync(request, Cancellation);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task<string> CodeAsync(HttpResponseMessage answer) => (await ErrorAsync(answer)).Code;

    private static async Task<CmsError> ErrorAsync(HttpResponseMessage answer)
    {
        var error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(Cancellation), CmsJson.Default.CmsError)!;
        Assert.NotEmpty(error.Message);
        Assert.NotEmpty(error.Remedy);
        return error;
    }
}
