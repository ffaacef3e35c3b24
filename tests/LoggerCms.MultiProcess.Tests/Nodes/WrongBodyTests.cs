using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>Bodies that are JSON and no request: the sender's fault, said so and not logged.</summary>
public sealed class WrongBodyTests : NodeTest
{
    private static readonly (string Path, string Body)[] s_wrong =
    [
        ("v1/changes", """{"Changes":[{"Operation":"Create","ParentId":23,"Kind":"Folder","Name":"\ud800"}]}"""),
        ("v1/changes", """{"Changes":[{"Operation":"Create","ParentId":23,"Kind":"\udc00","Name":"x"}]}"""),
        ("v1/changes", """{"Changes":[{"Operation":"\ud800","ParentId":23,"Kind":"Folder","Name":"x"}]}"""),
        ("v1/changes", """{"Changes":[{"\ud800":1,"Operation":"Create","ParentId":23,"Kind":"Folder","Name":"x"}]}"""),
        ("v1/changes", """{"\ud800":1,"Changes":[]}"""),
        ("v1/changes", """{"RequestId":"\ud800","Changes":[]}"""),
        ("v1/changes", """{"Changes":[{"Operation":"Create","ParentId":23,"Kind":"Folder","Name":"x","Properties":{"\ud800":1}}]}"""),
        ("v1/changes", """{"Changes":[{"Operation":"Create","ParentId":23,"Kind":"Folder","Name":"x","Properties":{"a":"\ud800"}}]}"""),
        ("v1/changes", """{"Changes":[{"Operation":"Create","ParentId":23,"Kind":"Folder","Name":"INVALID"}]}"""),
        ("v1/changes", """{"Changes":[{"Operation":"Create","ParentId":23,"Kind":"Folder","Name":"x","Properties":{"INVALID":1}}]}"""),
        ("v1/changes", """{"Changes":[{"Operation":"Create","ParentId":23,"Kind":"Folder","Name":"x","INVALID":1}]}"""),
        ("v1/logon", """{"User":null,"Password":null}"""),
        ("v1/logon", """{"User":"x","Password":null}"""),
        ("v1/logon", """{"User":"\ud800","Password":"x"}"""),
        ("v1/query", """{"Query":null}"""),
        ("v1/rights/test", """{"ObjectId":23,"Right":null}"""),
        ("v1/audit", "[null]"),
        ("v1/audit", """[{"Id":"0197a4c2-0000-7000-8000-000000000001","Time":"2026-01-01T00:00:00Z","Source":null,"Action":"a","Result":"Failed"}]"""),
        ("v1/audit", """[{"Id":"0197a4c2-0000-7000-8000-000000000001","Time":"2026-01-01T00:00:00Z","Source":"s","Action":"a","Result":null}]"""),
        ("v1/reconcile", """{"Path":""}"""),
        ("v1/reconcile", """{"Path":"a\u0000b"}"""),
        ("v1/backup", """{"Path":null}"""),
        ("v1/backup", """{"Path":""}"""),
        ("v1/backup", """{"Path":"a\u0000b"}"""),
    ];

    [Fact]
    public async Task Bodies_that_are_no_request_are_refused_as_the_senders_fault()
    {
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Node.Token);
        List<string> others = [];
        foreach (var (path, body) in s_wrong)
        {
            using var content = new ByteArrayContent(Bytes(body));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await http.PostAsync(new Uri(Node.Endpoint, path), content, Cancellation);
            var said = await answer.Content.ReadAsStringAsync(Cancellation);
            if (answer.StatusCode != HttpStatusCode.BadRequest || !said.Contains("\"Remedy\":\"", StringComparison.Ordinal))
                others.Add($"{path} {body}: {answer.StatusCode} {said}");
        }

        Assert.Empty(others);
        Assert.DoesNotContain("failed", Node.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1/tokens", """{"Name":null}""")]
    [InlineData("v1/audit", """[{"Id":"0197a4c2-0000-7000-8000-000000000001","Time":"2026-01-01T00:00:00Z","Source":"s","Action":"a","Result":"Failed","Detail":null}]""")]
    public async Task A_text_that_may_be_left_out_may_be_null(string path, string body)
    {
        var (status, said) = await Node.PostAsync(path, System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(body));

        Assert.True(status is HttpStatusCode.OK or HttpStatusCode.Accepted, $"{status} {said}");
    }

    // Bytes that are no UTF-8 in the place of the word.
    private static byte[] Bytes(string body)
    {
        var parts = body.Split("INVALID");
        return [.. parts.SelectMany((part, i) => i == 0 ? Encoding.UTF8.GetBytes(part) : [0xC3, 0x28, .. Encoding.UTF8.GetBytes(part)])];
    }
}
