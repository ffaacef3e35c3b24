using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>What comes from the network and should not: it is refused or bounded, and the node goes on.</summary>
public sealed class NodeHostileTests(ITestOutputHelper output) : NodeTest("--mostrequestmb", "1")
{
    [Fact]
    public async Task Nobody_gets_in_without_a_token_that_is_good()
    {
        var (_, document) = await Node.GetAsync("openapi/v1.json");
        List<(string Path, string Method)> calls =
        [
            .. document.GetProperty("paths").EnumerateObject()
                .SelectMany(p => p.Value.EnumerateObject().Select(m => (p.Name.Replace("{id}", "23", StringComparison.Ordinal), m.Name.ToUpperInvariant()))),
        ];
        Assert.True(calls.Count > 15, $"Only {calls.Count} calls are described.");
        using var http = Client();
        foreach (var token in new[] { null, "", "lcms_x", Node.Token[..^1] + (Node.Token[^1] == 'A' ? 'E' : 'A'), Node.Token + "A" })
        {
            foreach (var (path, method) in calls.Where(c => c.Path is not ("/health" or "/v1/logon")))
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Node.Endpoint, path));
                if (token is not null)
                    request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
                using var answer = await http.SendAsync(request, Cancellation);
                Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {path} with '{token?[..Math.Min(8, token.Length)]}…': {answer.StatusCode}");
            }
        }

        await GoesOnAsync();
    }

    [Fact]
    public async Task A_user_without_rights_passes_no_check_whatever_is_sent()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"Seed {seed}");
        var random = new Random(seed);
        var secret = (await Node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = "secret", ParentId = 23 })).GetProperty("Id").GetInt64();
        var guest = (await Node.PostAsync("v1/tokens", new { PrincipalId = 11, Name = "guest" })).Body.GetProperty("Text").GetString()!;
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", guest);
        string[] operations = ["Create", "Update", "Move", "Remove", "SetRight", "SetInheritance", "create", "🙂", ""];
        for (var round = 0; round < 400; round++)
        {
            object? Value() => random.Next(8) switch
            {
                0 => secret,
                1 => random.NextInt64(-5, 1010),
                2 => 4L,
                3 => 2L,
                4 => null,
                5 => "View",
                6 => new { SI_USERGROUPS = new[] { 2L } },
                _ => new string('\u0301', random.Next(5)),
            };
            var change = new Dictionary<string, object?> { ["Operation"] = operations[random.Next(operations.Length)] };
            foreach (var name in new[] { "Id", "ParentId", "Kind", "Name", "Properties", "PrincipalId", "Right", "RightValue", "OwnerId", "ExpectedVersion", "Recurse", "InheritFromFolder" })
            {
                if (random.Next(2) == 0)
                    change[name] = Value();
            }

            var body = JsonSerializer.Serialize(new { Changes = new[] { change } });
            if (random.Next(10) == 0)
                body = body[..random.Next(body.Length)];
            using var answer = await http.PostAsync(new Uri(Node.Endpoint, "v1/changes"), new StringContent(body, Encoding.UTF8, "application/json"), Cancellation);
            Assert.True((int)answer.StatusCode is >= 400 and < 500, $"Seed {seed}: {body} got {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancellation)}");
        }

        var (_, unchanged) = await Node.GetAsync($"v1/objects/{secret}");
        Assert.Equal(1, unchanged.GetProperty("Version").GetInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(new Uri(Node.Endpoint, $"v1/objects/{secret}"), Cancellation)).StatusCode);


        // They are stored a moment later.
        var denials = new List<JsonElement>();
        for (var tries = 0; denials.Count == 0 && tries < 100; tries++)
        {
            await Task.Delay(100, Cancellation);
            denials = [.. (await Node.PostAsync("v1/audit/query", new { Result = "Denied", PrincipalId = 11 })).Body.GetProperty("Events").EnumerateArray()];
        }

        Assert.NotEmpty(denials);
        Assert.Contains(denials, e => e.GetProperty("ObjectId").GetInt64() > 0 && e.GetProperty("Path").GetString()!.Length > 0);
        await GoesOnAsync();
    }

    [Fact]
    public async Task Many_changes_deep_in_the_tree_do_not_end_the_audit_and_the_node_stops_clean()
    {
        var deepest = 23L;
        for (var depth = 0; depth < 200; depth++)
        {
            var (status, made) = await Node.PostAsync(
                "v1/changes", new { Changes = new[] { new { Operation = "Create", Kind = "Folder", Name = new string('漢', 255), ParentId = deepest } } });
            if (status != HttpStatusCode.OK)
                break;
            deepest = made.GetProperty("Changed")[0].GetProperty("Id").GetInt64();
        }

        var changes = Enumerable.Range(0, 2_500).Select(i => new { Operation = "Update", Id = deepest, Properties = new { i } });
        Assert.Equal(HttpStatusCode.OK, (await Node.PostAsync("v1/changes", new { Changes = changes })).Status);
        Assert.Equal(0, await Node.StopAsync());
    }

    [Theory]
    [InlineData("v1/changes")]
    [InlineData("v1/query")]
    [InlineData("v1/logon")]
    [InlineData("v1/audit")]
    public async Task Bodies_that_are_too_deep_or_too_large_or_no_JSON_are_refused(string path)
    {
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Node.Token);
        foreach (var (body, status) in new[]
        {
            (new string('[', 100_000), HttpStatusCode.BadRequest),
            ("{\"Changes\":[{\"Operation\":\"Create\",\"Properties\":" + string.Concat(Enumerable.Repeat("{\"a\":", 500)) + "1" + new string('}', 503), HttpStatusCode.BadRequest),
            ("\u0000\u0001", HttpStatusCode.BadRequest),
            ("null", HttpStatusCode.BadRequest),
            (new string(' ', 2 << 20), HttpStatusCode.RequestEntityTooLarge),
        })
        {
            try
            {
                using var answer = await http.PostAsync(new Uri(Node.Endpoint, path), new StringContent(body, Encoding.UTF8, "application/json"), Cancellation);
                Assert.Equal(IsTooLarge() ? HttpStatusCode.RequestEntityTooLarge : status, answer.StatusCode);
            }
            catch (HttpRequestException exception) when (IsTooLarge() && exception.InnerException is IOException)
            {
                // The node does not read what is too large: its end of the connection may overtake its answer.
            }

            // Who logs on has a name and a password to send.
            bool IsTooLarge() => body.Length > (path == "v1/logon" ? 8 << 10 : 1 << 20);
        }

        await GoesOnAsync();
    }

    [Fact]
    public async Task Idle_slow_and_broken_connections_do_not_keep_others_out()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("LOGGERCMS_TEST_NODE_CONNECTIONS"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 1_000;
        List<Socket> held = [];
        try
        {
            for (var i = 0; i < count; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, Node.Endpoint.Port, Cancellation);
                held.Add(socket);
                if (i % 3 == 1)
                    await socket.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n\r\n"), Cancellation);
                else if (i % 3 == 2)
                    await socket.SendAsync(new byte[] { 22, 3, 1, 255, 255 }, Cancellation);
            }

            await GoesOnAsync();
        }
        finally
        {
            held.ForEach(s => s.Dispose());
        }

        await GoesOnAsync();
    }

    [Fact]
    public async Task Guessing_passwords_is_slowed_and_told_to_nobody()
    {
        using var http = Client();
        List<HttpStatusCode> answers = [];
        for (var i = 0; i < 12; i++)
        {
            using var answer = await http.PostAsync(
                new Uri(Node.Endpoint, "v1/logon"), new StringContent($"{{\"User\":\"Administrator\",\"Password\":\"guess-{i}\"}}", Encoding.UTF8, "application/json"), Cancellation);
            answers.Add(answer.StatusCode);
            Assert.DoesNotContain("guess-", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }

        Assert.Contains(HttpStatusCode.TooManyRequests, answers);
        Assert.DoesNotContain(HttpStatusCode.OK, answers);
        Assert.DoesNotContain("guess-", Node.Said, StringComparison.Ordinal);
        Assert.DoesNotContain(Node.Token, Node.Said, StringComparison.Ordinal);
    }

    private async Task GoesOnAsync()
    {
        var name = Guid.NewGuid().ToString();
        var made = await Node.ChangeAsync(new { Operation = "Create", Kind = "Folder", Name = name, ParentId = 23 });
        Assert.Equal(name, (await Node.GetAsync($"v1/objects/{made.GetProperty("Id").GetInt64()}")).Body.GetProperty("Name").GetString());
    }
}
