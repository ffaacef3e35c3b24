using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>What somebody without a token may cost: memory, audit, log.</summary>
public sealed class StrangerTests : NodeTest
{
    [Fact]
    public async Task A_small_request_is_not_waited_for_where_it_becomes_large()
    {
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Node.Token);
        foreach (var (path, isLengthKnown) in new[] { ("v1/logon", true), ("v1/tokens", true), ("v1/users/12/password", true), ("v1/logon", false) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Node.Endpoint, path));
            request.Headers.TransferEncodingChunked = !isLengthKnown;
            request.Content = new StringContent("{\"User\":\"" + new string('x', 20_000), Encoding.UTF8, "application/json");

            using var answer = await http.SendAsync(request, Cancellation);

            Assert.Equal((path, HttpStatusCode.RequestEntityTooLarge), (path, answer.StatusCode));
        }
    }

    [Fact]
    public async Task Denials_of_a_stranger_are_few_and_short_in_the_audit()
    {
        const int tries = 300;
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "lcms_x");
        for (var i = 0; i < tries; i++)
        {
            using var answer = await http.GetAsync(new Uri(Node.Endpoint, $"v1/{new string('A', 7_000)}{i}"), Cancellation);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        var denials = await DenialsAsync();
        Assert.InRange(denials.Count, 1, 4);
        Assert.All(denials, e => Assert.InRange(e.GetProperty("Action").GetString()!.Length, 1, 300));

        // What was not told one by one is told in the end.
        await Node.StopAsync();
        await RestartAsync();
        denials = await DenialsAsync();
        Assert.Contains(denials, e => e.GetProperty("Detail").GetString()!.Contains("further requests", StringComparison.Ordinal));
        Assert.InRange(denials.Count, 2, 8);
    }

    [Fact]
    public async Task Denials_of_a_caller_are_an_event_each_until_they_are_many()
    {
        const int tries = 400;
        var guest = (await Node.PostAsync("v1/tokens", new { PrincipalId = 11, Name = "guest" })).Body.GetProperty("Text").GetString()!;
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", guest);
        for (var i = 0; i < tries; i++)
        {
            using var answer = await http.GetAsync(new Uri(Node.Endpoint, "v1/objects/12"), Cancellation);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        await Node.StopAsync();
        await RestartAsync();
        var denials = await DenialsAsync(atLeast: 101);
        Assert.InRange(denials.Count(e => e.GetProperty("ObjectId").GetInt64() == 12), 100, 200);
        Assert.Contains(denials, e => e.GetProperty("PrincipalId").GetInt64() == 11 && e.GetProperty("Detail").GetString()!.Contains("further requests", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_whose_parts_have_no_right_size_is_the_callers_mistake()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Node.Endpoint.Port, Cancellation);
        await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync(Encoding.ASCII.GetBytes("POST /v1/logon HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}\r\n"), Cancellation);
        using var reader = new StreamReader(tls);
        Assert.StartsWith("HTTP/1.1 400 ", await reader.ReadLineAsync(Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Node.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_and_paths_of_strangers_reach_audit_and_log_without_control_characters()
    {
        using var http = Client();
        using var logon = await LogOnAsync(http, """{"User":"x\u001b[2J\r\nforged line\u202e","Password":"y"}""");
        Assert.Equal(HttpStatusCode.Unauthorized, logon.StatusCode);
        using var path = await http.GetAsync(new Uri(Node.Endpoint, "v1/%1B%5B2J%0Aforged"), Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, path.StatusCode);

        var denials = await DenialsAsync(atLeast: 2);
        Assert.Contains(denials, e => e.GetProperty("Principal").GetString()!.Contains("forged line", StringComparison.Ordinal));
        Assert.Contains(denials, e => e.GetProperty("Action").GetString()!.Contains("forged", StringComparison.Ordinal));
        Assert.All(denials, e => Assert.All(e.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.String), p =>
            Assert.DoesNotContain(p.Value.GetString()!, c => char.IsControl(c) || c == '\u202e')));
    }

    [Fact]
    public async Task A_connection_that_breaks_in_the_body_leaves_nothing_in_the_log()
    {
        for (var i = 0; i < 5; i++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, Node.Endpoint.Port, Cancellation);
            await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, (_, _, _, _) => true);
            await tls.AuthenticateAsClientAsync("localhost");
            await tls.WriteAsync(Encoding.ASCII.GetBytes("POST /v1/logon HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{\"User\""), Cancellation);
            await Task.Delay(100, Cancellation);
            socket.LingerState = new LingerOption(true, 0);
            socket.Close();
        }

        using var http = Client();
        using var known = await http.GetAsync(new Uri(Node.Endpoint, "health"), Cancellation);
        await Task.Delay(300, Cancellation);
        Assert.DoesNotContain("   at ", Node.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("failed", Node.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_database_is_named_to_operators_only()
    {
        var guest = (await Node.PostAsync("v1/tokens", new { PrincipalId = 11, Name = "guest" })).Body.GetProperty("Text").GetString()!;
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", guest);
        var told = JsonSerializer.Deserialize<JsonElement>(await http.GetStringAsync(new Uri(Node.Endpoint, "v1/node"), Cancellation));

        Assert.Equal("", told.GetProperty("Database").GetString());
        Assert.Contains("system.db", (await Node.GetAsync("v1/node")).Body.GetProperty("Database").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task How_much_there_is_is_told_to_operators_only()
    {
        var guest = (await Node.PostAsync("v1/tokens", new { PrincipalId = 11, Name = "guest" })).Body.GetProperty("Text").GetString()!;
        using var http = Client();
        foreach (var path in new[] { "v1/image", "v1/metrics" })
        {
            foreach (var (token, status) in new[] { (guest, HttpStatusCode.Forbidden), (Node.Token, HttpStatusCode.OK) })
            {
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var answer = await http.GetAsync(new Uri(Node.Endpoint, path), Cancellation);
                Assert.Equal((path, status), (path, answer.StatusCode));
            }
        }
    }

    private Task<HttpResponseMessage> LogOnAsync(HttpClient http, string body)
        => http.PostAsync(new Uri(Node.Endpoint, "v1/logon"), new StringContent(body, Encoding.UTF8, "application/json"), Cancellation);

    // They are stored a moment later.
    private async Task<List<JsonElement>> DenialsAsync(int atLeast = 1)
    {
        List<JsonElement> denials = [];
        for (var tries = 0; denials.Count < atLeast && tries < 100; tries++)
        {
            await Task.Delay(100, Cancellation);
            denials = [.. (await Node.PostAsync("v1/audit/query", new { Result = "Denied" })).Body.GetProperty("Events").EnumerateArray()];
        }

        return denials;
    }
}
