using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>More requests than a caller may send in a second.</summary>
public sealed class NodeLimitTests() : NodeTest("--mostrequestspersecond", "20", "--moststrangerrequestspersecond", "10")
{
    private const int Requests = 200;

    [Fact]
    public async Task Who_sends_too_many_requests_is_refused_with_the_reason_and_others_are_served_on()
    {
        var guest = (await Node.PostAsync("v1/tokens", new { PrincipalId = 11, Name = "guest" })).Body.GetProperty("Text").GetString()!;
        var refused = await RefusedAsync(guest, HttpStatusCode.OK);
        Assert.Contains("the user with id 11", refused.GetProperty("Message").GetString());
        Assert.Contains("MostRequestsPerSecond", refused.GetProperty("Remedy").GetString());

        // Another one, from the same address.
        await Node.GetAsync("v1/node");
    }

    [Fact]
    public async Task Tokens_are_not_tried_without_end_and_who_has_one_is_served_on()
    {
        var refused = await RefusedAsync(Node.Token[..^1] + (Node.Token[^1] == 'A' ? 'E' : 'A'), HttpStatusCode.Unauthorized);
        Assert.Contains("127.0.0.1 without a good token", refused.GetProperty("Message").GetString());
        await Node.GetAsync("v1/node");
    }

    /// <summary>All are answered: some so, others that they are too many.</summary>
    private async Task<JsonElement> RefusedAsync(string token, HttpStatusCode usual)
    {
        using var http = Client();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var answers = await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => http.GetAsync(new Uri(Node.Endpoint, "v1/node"), Cancellation)));
        Assert.All(answers, a => Assert.True(a.StatusCode == usual || a.StatusCode == HttpStatusCode.TooManyRequests, $"{a.StatusCode}"));
        Assert.Contains(answers, a => a.StatusCode == usual);
        var refused = answers.First(a => a.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.NotNull(refused.Headers.RetryAfter);
        return JsonSerializer.Deserialize<JsonElement>(await refused.Content.ReadAsStringAsync(Cancellation));
    }
}
