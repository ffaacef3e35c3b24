using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>
/// Requests of any method, path, headers and body, as bytes on the wire: none ends the node, is answered as its failure, or passes a check without
/// the right. LOGGERCMS_TEST_FUZZ sets how many there are; a failure names the seed that FsCheck replays, and the request shrunk.
/// </summary>
public sealed class RequestFuzzTests(ITestOutputHelper output) : NodeTest("--mostrequestmb", "1")
{
    private const string Name = "a folder";
    private const string Guest = "GUEST";
    private const string Secret = "SECRET";

    [Fact]
    public async Task Whatever_is_asked_the_node_goes_on_and_nothing_is_told_or_done_without_the_right()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("LOGGERCMS_TEST_FUZZ"), CultureInfo.InvariantCulture, out var given) ? given : 400;
        var seed = (ulong)Random.Shared.NextInt64();
        output.WriteLine(FormattableString.Invariant($"FsCheck seed {seed}, gamma 1"));
        var hidden = Guid.NewGuid().ToString();
        var secret = (await Node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name, ParentId = 23, Properties = new { hidden } }))
            .GetProperty("Id").GetInt64().ToString(CultureInfo.InvariantCulture);
        var guest = (await Node.PostAsync("v1/tokens", new { PrincipalId = 11, Name = "guest" })).Body.GetProperty("Text").GetString()!;
        var before = await StateAsync(secret);
        var told = new SortedDictionary<int, int>();
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(count).WithReplay(seed, 1),
            Prop.ForAll(Requests.ToArbitrary(), request =>
            {
                var (status, answer) = Send(request, secret, guest);
                told[status] = told.GetValueOrDefault(status) + 1;
                Assert.True(status is 0 or (>= 200 and < 500), $"{status}: {answer}");
                Assert.DoesNotContain(hidden, answer, StringComparison.Ordinal);
                Assert.True(status is 0 or >= 400 || request.Token == Guest || !request.IsGuarded, $"{status} for somebody unknown: {answer}");
                Assert.False(Node.HasEnded, $"The node ended: {Node.Said}");
            }));
        output.WriteLine(string.Join(", ", told.Select(t => FormattableString.Invariant($"{t.Key}: {t.Value}"))));
        Assert.Equal(before, await StateAsync(secret));
        Assert.DoesNotContain("A request to", Node.Said, StringComparison.Ordinal);
        var made = await Node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = "after", ParentId = 23 });
        Assert.Equal(HttpStatusCode.OK, (await Node.GetAsync($"v1/objects/{made.GetProperty("Id").GetInt64()}")).Status);
        Assert.Equal(0, await Node.StopAsync());
    }

    /// <summary>All objects with their versions and the rights on some; a guest's own tokens are its own matter.</summary>
    private async Task<string> StateAsync(string secret)
    {
        var (status, page) = await Node.PostAsync("v1/query", new { Query = "SELECT TOP 1000 SI_ID, SI_VERSION, SI_NAME, SI_OWNERID FROM CI_INFOOBJECTS, CI_SYSTEMOBJECTS, CI_APPOBJECTS" });
        Assert.Equal(HttpStatusCode.OK, status);
        var text = new StringBuilder(page.ToString());
        foreach (var id in new[] { secret, "4", "23", "11", "12" })
            text.AppendLine().Append((await Node.GetAsync($"v1/objects/{id}/rights")).Body.ToString());
        return text.ToString();
    }

    /// <returns>Status 0 where the node closed the connection without an answer.</returns>
    private (int Status, string Answer) Send(Request request, string secret, string guest)
    {
        string Fill(string text) => text.Replace(Secret, secret, StringComparison.Ordinal).Replace(Guest, guest, StringComparison.Ordinal);
        var body = Encoding.UTF8.GetBytes(Fill(request.Body));
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{request.Method} {Fill(request.Path)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        if (request.Token.Length > 0)
            head.Append(CultureInfo.InvariantCulture, $"Authorization: Bearer {Fill(request.Token)}\r\n");
        foreach (var header in request.Headers)
            head.Append(Fill(header)).Append("\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length + request.LengthLie}\r\n\r\n");
        try
        {
            using var socket = new TcpClient();
            socket.Connect(IPAddress.Loopback, Node.Endpoint.Port);
            (socket.ReceiveTimeout, socket.SendTimeout) = (30_000, 30_000);
            using var stream = new SslStream(socket.GetStream(), leaveInnerStreamOpen: false, static (_, _, _, _) => true);
            stream.AuthenticateAsClient("localhost");
            stream.Write(Encoding.UTF8.GetBytes(head.ToString()));
            stream.Write(body);
            if (request.LengthLie > 0)
                socket.Client.Shutdown(SocketShutdown.Send);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            var answer = reader.ReadToEnd();
            const string goOn = "HTTP/1.1 100 Continue\r\n\r\n";
            if (answer.StartsWith(goOn, StringComparison.Ordinal))
                answer = answer[goOn.Length..];
            return (answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0, answer);
        }
        catch (IOException exception) when (exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown })
        {
            return (0, "");
        }
    }

    private static Gen<string> Ids => Gen.Frequency(
        (4, Gen.Constant(Secret)),
        (4, Gen.Elements("4", "2", "11", "12", "23", "0", "-1", "9223372036854775807", "9223372036854775808", "1e3", "0x17", "%32%33", "2%2e", "٢", "", "..", "null")),
        (1, Gen.Choose(0, 2000).Select(i => i.ToString(CultureInfo.InvariantCulture))));

    private static Gen<string> Paths
    {
        get
        {
            var plain = Gen.Elements(
                "/v1/node", "/v1/image", "/v1/flush", "/v1/reconcile", "/v1/backup", "/v1/stop", "/v1/metrics", "/v1/objects", "/v1/changes", "/v1/query", "/v1/tokens",
                "/v1/rights/test", "/v1/audit", "/v1/audit/query", "/v1", "/", "/health", "/openapi/v1.json", "/openapi/..%2f..%2fetc%2fpasswd.json", "//v1/node", "/V1/NODE/");
            var ofObjects = from id in Ids
                            from rest in Gen.Elements("", "/children", "/children?take=9999999999&after=%00", "/export", "/export?x=1", "/rights", "/password", "/../../v1/stop")
                            from kind in Gen.Elements("objects", "users", "tokens")
                            select $"/v1/{kind}/{id}{rest}";
            var located = from text in Words select "/v1/objects?path=" + Uri.EscapeDataString(text);
            var raw = from text in Words select "/v1/" + text.Replace(' ', '+').Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
            return Gen.Frequency((5, plain), (5, ofObjects), (2, located), (1, raw));
        }
    }

    private static Gen<string> Words => Gen.Elements(
        "/Root Folder/" + Name, "/", "//", "Root Folder", "a", "", "\0", "é🙂", new string('/', 3000), new string('x', 5000), "%", "%zz", "%ff%fe", "'; DROP TABLE cms_object; --", "../..");

    private static Gen<string> Values => Gen.Frequency(
        (3, Ids.Select(i => i is Secret or "4" or "2" or "11" or "12" or "23" ? i : JsonSerializer.Serialize(i))),
        (2, Words.Select(w => JsonSerializer.Serialize(w))),
        (3, Gen.Elements(
            "null", "true", "{}", "[]", "1e400", "-0", "\"View\"", "\"Granted\"", "\"Folder\"", "\"User\"", "{\"SI_USERGROUPS\":[2]}", "[2]", "[[[[]]]]", "\"00000000-0000-0000-0000-000000000000\"",
            "\"SELECT * FROM CI_INFOOBJECTS\"", "\"/tmp\"", "\"2024-01-01\"", ListOf("[{\"PrincipalId\":11,\"Right\":\"View\",\"Value\":\"Granted\"}]"), ListOf("[null]"), ListOf("null"), ListOf("[{\"PrincipalId\":11,\"Right\":null,\"Value\":null}]"))));

    private static string ListOf(string entries) => "{\"InheritFromFolder\":false,\"InheritFromGroups\":true,\"Entries\":" + entries + "}";

    private static Gen<string> Objects
    {
        get
        {
            var name = Gen.Elements(
                "Operation", "Id", "ParentId", "Kind", "Name", "Properties", "PrincipalId", "Right", "RightValue", "OwnerId", "ExpectedVersion", "Recurse", "Query", "Path", "Token", "User",
                "Password", "New", "Current", "ObjectId", "RequestId", "Changes", "Events", "Take", "After", "LifetimeHours", "WhatIf", "ConflictPolicy", "SetDamagedAside", "Result", "Rights", "\\u0000");
            var operation = Gen.Elements("Create", "Update", "Move", "Remove", "SetRight", "SetInheritance", "Copy", "").Select(o => $"\"Operation\":\"{o}\"");
            var member = from n in name from v in Values select $"\"{n}\":{v}";
            return from first in operation from members in member.ListOf() select "{" + string.Join(',', members.Take(8).Prepend(first)) + "}";
        }
    }

    private static Gen<string> Bodies
    {
        get
        {
            var changes = from one in Objects from lists in Gen.Choose(1, 3) select "{\"Changes\":[" + string.Join(',', Enumerable.Repeat(one, lists)) + "]}";
            var cut = from one in changes from at in Gen.Choose(0, 200) select one[..Math.Min(at, one.Length)];
            return Gen.Frequency((5, changes), (4, Objects), (2, Objects.Select(o => $"[{o}]")), (1, cut), (1, Gen.Elements("", "null", "\0", new string('[', 5000), "\ufeff{}")));
        }
    }

    private static Gen<Request> Requests
        => from method in Gen.Elements("GET", "POST", "POST", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW")
           from path in Paths
           from token in Gen.Frequency(
               (6, Gen.Constant(Guest)), (1, Gen.Constant("")), (2, Gen.Elements("lcms_", "x", Guest + "A", "é", new string('a', 9000), "lcms_AAAAAAAAAAAAAAAAAAAAAA_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")))
           from headers in Gen.Elements(
               "Content-Type: application/json", "Content-Type: text/plain", "Content-Type: application/json; charset=utf-7", "X-HTTP-Method-Override: DELETE", "Expect: 100-continue",
               "Accept-Encoding: gzip, *;q=0", "X-Forwarded-For: 127.0.0.1", "Upgrade: h2c", "Range: bytes=0-0", "Authorization: Bearer " + Guest, "Cookie: a=b", "Bad Header", "X: \0",
               "Transfer-Encoding: chunked", "Content-Length: 5", "X-Long: " + new string('y', 20_000)).ListOf()
           from body in Bodies
           from lie in Gen.Frequency((20, Gen.Constant(0)), (1, Gen.Elements(1, 100)))
           select new Request(method, path, token, [.. headers.Take(3)], body, lie);

    private sealed record Request(string Method, string Path, string Token, IReadOnlyList<string> Headers, string Body, int LengthLie)
    {
        /// <summary>Not one of the two that answer everybody, whatever else they are asked.</summary>
        public bool IsGuarded => !Path.Contains("health", StringComparison.OrdinalIgnoreCase) && !Headers.Any(h => h.StartsWith("Authorization", StringComparison.Ordinal));

        public override string ToString() => $"{Method} {Path} token '{Token}' [{string.Join(" | ", Headers)}] +{LengthLie} {Body}";
    }
}
