using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace LoggerCms.Client.Tests.Support;

/// <summary>Requests without the client, to see an answer as it is.</summary>
internal static class RawHttp
{
    public static async Task<HttpClient> OpenAsync(TestNode node, CmsClient client, CancellationToken cancellationToken)
    {
        var token = (await client.IssueTokenAsync(new CmsTokenRequest { Name = "raw" }, cancellationToken)).Text;
        var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        return new HttpClient(handler) { BaseAddress = node.Endpoint, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
    }

    public static HttpRequestMessage Query(CmsQueryRequest query, string version = "2.0") => new(HttpMethod.Post, "v1/query")
    {
        Version = Version.Parse(version),
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new StringContent(JsonSerializer.Serialize(query, CmsJson.Default.CmsQueryRequest), Encoding.UTF8, "application/json"),
    };
}
