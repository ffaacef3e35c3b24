using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>A node in a process of its own, as Start-CmsNode starts it, with 10,000 objects to ask for.</summary>
internal sealed class NodeServer : IAsyncDisposable
{
    public const int Objects = 10_000;

    private readonly Process _process;

    private NodeServer(Process process, string endpoint, string token, long firstId)
    {
        _process = process;
        Endpoint = endpoint;
        Token = token;
        FirstId = firstId;
    }

    public string Endpoint { get; }

    public string Token { get; }

    /// <summary>The objects' ids are this one and those after it.</summary>
    public long FirstId { get; }

    private static string Program => Path.Combine(OurChild.RepositoryRoot, "src", "LoggerCms.Node", "bin", "Release", "net10.0", "LoggerCms.Node.dll");

    /// <exception cref="CommandFailedException">It is not built, or did not start.</exception>
    public static async Task<NodeServer> StartAsync(string home, CancellationToken cancellationToken)
    {
        if (!File.Exists(Program))
            throw new CommandFailedException("The node is not built: dotnet build -c Release.");
        var start = new ProcessStartInfo("dotnet", [Program, "--name", "bench", "--port", "0"]) { RedirectStandardOutput = true };
        start.Environment["LOGGERCMS_HOME"] = home;
        var process = Process.Start(start)!;
        if (await process.StandardOutput.ReadLineAsync(cancellationToken) is null)
            throw new CommandFailedException("The node did not start.");
        using var profile = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(home, "cms", "admin.profile.json"), cancellationToken));
        var endpoint = profile.RootElement.GetProperty("endpoint").GetString()!;
        var token = profile.RootElement.GetProperty("token").GetString()!;
        return new NodeServer(process, endpoint, token, await FillAsync(endpoint, token, cancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static async Task<long> FillAsync(string endpoint, string token, CancellationToken cancellationToken)
    {
        using var handler = new HttpClientHandler { ServerCertificateCustomValidationCallback = static (_, _, _, _) => true };
        using var http = new HttpClient(handler);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var text = new string('x', 280);
        long first = 0;
        for (var at = 0; at < Objects; at += 1000)
        {
            var changes = Enumerable.Range(at, 1000).Select(i => new { Operation = "Create", Kind = "Pdf", Name = $"document {i}", ParentId = 23, Properties = new { text } });
            using var answer = await http.PostAsJsonAsync(endpoint + "v1/changes", new { Changes = changes }, cancellationToken);
            answer.EnsureSuccessStatusCode();
            if (at > 0)
                continue;
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(cancellationToken));
            first = body.RootElement.GetProperty("Changed")[0].GetProperty("Id").GetInt64();
        }

        return first;
    }
}
