using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>What the node says of its endpoints, against what they answer.</summary>
public sealed class NodeDescriptionTests : NodeTest
{
    [Fact]
    public async Task Names_of_answers_are_those_of_the_OpenAPI_document()
    {
        var (_, document) = await Node.GetAsync("openapi/v1.json");
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var (_, root) = await Node.GetAsync("v1/objects/23");
        var (_, about) = await Node.GetAsync("v1/node");
        var (_, image) = await Node.GetAsync("v1/image");
        var made = await Node.PostAsync("v1/changes", new { Changes = new[] { new { Operation = "Create", Kind = "Folder", Name = "described", ParentId = 23 } } });

        AssertDescribed("CmsObjectInfo", root);
        AssertDescribed("CmsNodeInfo", about);
        AssertDescribed("RunTimeImageInfo", image);
        AssertDescribed("CmsChangeAnswer", made.Body);
        AssertDescribed("CmsChangedObject", made.Body.GetProperty("Changed")[0]);

        void AssertDescribed(string schema, JsonElement answer)
        {
            var known = schemas.GetProperty(schema).GetProperty("properties").EnumerateObject().Select(p => p.Name).ToHashSet();
            Assert.All(answer.EnumerateObject(), p => Assert.Contains(p.Name, known));
        }
    }

    [Fact]
    public async Task Each_call_but_those_without_a_token_says_that_it_needs_one_and_how_it_is_refused()
    {
        var (_, document) = await Node.GetAsync("openapi/v1.json");
        var scheme = document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer");
        Assert.Equal(("http", "bearer"), (scheme.GetProperty("type").GetString(), scheme.GetProperty("scheme").GetString()));
        foreach (var (path, method, call) in Calls(document))
        {
            var needs = call.TryGetProperty("security", out var security) && security.EnumerateArray().Any(s => s.TryGetProperty("bearer", out _));
            Assert.True(needs == (path is not ("/health" or "/v1/logon")), $"{method} {path}");
            var answers = call.GetProperty("responses").EnumerateObject().ToList();
            Assert.Single(answers, a => a.Name[0] == '2');
            Assert.All(path == "/health" ? ["429"] : (string[])["401", "429", "500", "503"], status => Assert.Contains(answers, a => a.Name == status));
            foreach (var refusal in answers.Where(a => a.Name[0] is '4' or '5' && !(path == "/health" && a.Name == "503")))
            {
                var schema = refusal.Value.GetProperty("content").GetProperty("application/json").GetProperty("schema");
                Assert.Equal("#/components/schemas/CmsError", schema.GetProperty("$ref").GetString());
            }
        }
    }

    [Fact]
    public async Task Each_answer_has_a_status_and_a_form_that_its_call_is_said_to_have()
    {
        var (_, document) = await Node.GetAsync("openapi/v1.json");
        var calls = Calls(document).ToDictionary(c => $"{c.Method} {c.Path}", c => c.Call);
        var folder = (await Node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = "asked", ParentId = 23 })).GetProperty("Id").GetInt64();
        await Node.ChangeAsync(new { Operation = "SetRight", Id = folder, PrincipalId = 11, Right = "View", RightValue = "Granted" });
        var token = (await Node.PostAsync("v1/tokens", new { Name = "x" })).Body.GetProperty("Token").GetProperty("Id").GetString()!;
        var guest = (await Node.PostAsync("v1/tokens", new { PrincipalId = 11, Name = "guest" })).Body.GetProperty("Text").GetString()!;
        var told = $$"""[{"Id":"{{Guid.CreateVersion7()}}","Time":"2026-01-01T00:00:00Z","Source":"s","Action":"a","Result":"Succeeded"}]""";
        var backup = JsonSerializer.Serialize(new { Path = Path.Combine(Node.Home, "backup") });
        (string Call, string Path, string? Body, string? Token, int Status)[] asked =
        [
            ("GET /health", "/health", null, null, 200),
            ("HEAD /health", "/health", null, null, 200),
            ("GET /v1/node", "/v1/node", null, Node.Token, 200),
            ("GET /v1/node", "/v1/node", null, null, 401),
            ("GET /v1/image", "/v1/image", null, Node.Token, 200),
            ("GET /v1/image", "/v1/image", null, guest, 403),
            ("GET /v1/metrics", "/v1/metrics", null, Node.Token, 200),
            ("GET /v1/metrics", "/v1/metrics", null, guest, 403),
            ("POST /v1/flush", "/v1/flush", null, Node.Token, 204),
            ("POST /v1/flush", "/v1/flush", null, guest, 403),
            ("POST /v1/reconcile", "/v1/reconcile", """{"WhatIf":true}""", Node.Token, 200),
            ("POST /v1/reconcile", "/v1/reconcile", "{}", guest, 403),
            ("POST /v1/backup", "/v1/backup", backup, Node.Token, 200),
            ("POST /v1/backup", "/v1/backup", backup, Node.Token, 400),
            ("POST /v1/backup", "/v1/backup", backup, guest, 403),
            ("GET /v1/objects/{id}", $"/v1/objects/{folder}", null, Node.Token, 200),
            ("GET /v1/objects/{id}", "/v1/objects/5", null, Node.Token, 404),
            ("GET /v1/objects", "/v1/objects?path=/Users", null, Node.Token, 200),
            ("GET /v1/objects", "/v1/objects?path=/no", null, Node.Token, 404),
            ("GET /v1/objects/{id}/children", "/v1/objects/23/children", null, Node.Token, 200),
            ("GET /v1/objects/{id}/children", "/v1/objects/23/children?take=x", null, Node.Token, 400),
            ("GET /v1/objects/{id}/children", "/v1/objects/5/children", null, Node.Token, 404),
            ("GET /v1/objects/{id}/export", $"/v1/objects/{folder}/export", null, Node.Token, 200),
            ("GET /v1/objects/{id}/export", "/v1/objects/5/export", null, Node.Token, 404),
            ("GET /v1/objects/{id}/export", "/v1/objects/23/export?rights=x", null, Node.Token, 400),
            ("POST /v1/changes", "/v1/changes", """{"WhatIf":true,"Changes":[{"Operation":"Remove","Id":ID}]}""", Node.Token, 200),
            ("POST /v1/changes", "/v1/changes", "{}", Node.Token, 400),
            ("POST /v1/changes", "/v1/changes", """{"Changes":[{"Operation":"Remove","Id":ID}]}""", guest, 403),
            ("POST /v1/changes", "/v1/changes", """{"Changes":[{"Operation":"Remove","Id":5}]}""", Node.Token, 404),
            ("POST /v1/changes", "/v1/changes", """{"Changes":[{"Operation":"Remove","Id":ID,"ExpectedVersion":7}]}""", Node.Token, 409),
            ("POST /v1/query", "/v1/query", """{"Query":"SELECT SI_ID FROM CI_INFOOBJECTS"}""", Node.Token, 200),
            ("POST /v1/query", "/v1/query", """{"Query":"what"}""", Node.Token, 400),
            ("POST /v1/logon", "/v1/logon", """{"User":"nobody","Password":"x"}""", null, 401),
            ("POST /v1/logon", "/v1/logon", new string(' ', 20_000), null, 413),
            ("GET /v1/me", "/v1/me", null, Node.Token, 200),
            ("GET /v1/tokens", "/v1/tokens", null, Node.Token, 200),
            ("POST /v1/tokens", "/v1/tokens", "{}", Node.Token, 200),
            ("POST /v1/tokens", "/v1/tokens", """{"PrincipalId":12}""", guest, 403),
            ("POST /v1/tokens", "/v1/tokens", """{"PrincipalId":5}""", Node.Token, 404),
            ("DELETE /v1/tokens/{id}", $"/v1/tokens/{token}", null, Node.Token, 204),
            ("DELETE /v1/tokens/{id}", $"/v1/tokens/{Guid.NewGuid()}", null, Node.Token, 404),
            ("POST /v1/users/{id}/password", "/v1/users/11/password", """{"New":"a new password"}""", Node.Token, 204),
            ("POST /v1/users/{id}/password", "/v1/users/5/password", "{}", Node.Token, 404),
            ("POST /v1/logon", "/v1/logon", """{"User":"Guest","Password":"a new password"}""", null, 200),
            ("GET /v1/objects/{id}/rights", "/v1/objects/23/rights", null, Node.Token, 200),
            ("GET /v1/objects/{id}/rights", "/v1/objects/5/rights", null, Node.Token, 404),
            ("POST /v1/rights/test", "/v1/rights/test", """{"ObjectId":23,"Right":"View"}""", Node.Token, 200),
            ("POST /v1/rights/test", "/v1/rights/test", """{"ObjectId":5,"Right":"View"}""", Node.Token, 404),
            ("POST /v1/audit/query", "/v1/audit/query", "{}", Node.Token, 200),
            ("POST /v1/audit", "/v1/audit", told, Node.Token, 202),
            ("POST /v1/audit", "/v1/audit", "[{}]", Node.Token, 400),
            ("POST /v1/stop", "/v1/stop", null, "lcms_x", 401),
            ("POST /v1/stop", "/v1/stop", null, Node.Token, 202),
        ];
        Assert.Empty(calls.Keys.Except(asked.Select(a => a.Call)));
        using var http = Client();
        foreach (var (call, path, body, by, status) in asked)
        {
            using var request = new HttpRequestMessage(new HttpMethod(call.Split(' ')[0]), new Uri(Node.Endpoint, path))
            {
                Content = body is null ? null : new StringContent(body.Replace("ID}", $"{folder}}}", StringComparison.Ordinal).Replace("ID,", $"{folder},", StringComparison.Ordinal), Encoding.UTF8, "application/json"),
            };
            if (by is not null)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", by);
            using var answer = await http.SendAsync(request, Cancellation);
            Assert.True((HttpStatusCode)status == answer.StatusCode, $"{call} {body}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancellation)}");
            AssertSaid(call, answer);
        }

        void AssertSaid(string call, HttpResponseMessage answer)
        {
            Assert.True(calls[call].GetProperty("responses").TryGetProperty($"{(int)answer.StatusCode}", out var said), $"{call} is not said to answer {answer.StatusCode}");
            string[] forms = said.TryGetProperty("content", out var content) ? [.. content.EnumerateObject().Select(c => c.Name)] : [];
            Assert.Equal((call, string.Join(",", forms)), (call, answer.Content.Headers.ContentType?.MediaType ?? ""));
            if (said.TryGetProperty("headers", out var headers))
                Assert.All(headers.EnumerateObject(), h => Assert.True(answer.Headers.Contains(h.Name)));
        }
    }

    private static IEnumerable<(string Path, string Method, JsonElement Call)> Calls(JsonElement document)
        => document.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(m => (p.Name, m.Name.ToUpperInvariant(), m.Value)));
}
