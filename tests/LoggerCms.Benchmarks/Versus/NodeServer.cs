using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>A node in a process of its own, as Start-CmsNode starts it.</summary>
internal sealed class NodeServer : IAsyncDisposable
{
    private const int ChangesAtOnce = 1000;

    private readonly Process _process;
    private readonly HttpClient _http;

    private NodeServer(Process process, Uri endpoint, string token, TimeSpan started)
    {
        _process = process;
        Endpoint = endpoint.AbsoluteUri;
        Token = token;
        Started = started;
        _http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = static (_, _, _, _) => true }) { BaseAddress = endpoint };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public string Endpoint { get; }

    public string Token { get; }

    /// <summary>From the start of its process until it said that it is ready.</summary>
    public TimeSpan Started { get; }

    /// <summary>The node compiled ahead of time, or as it was built.</summary>
    /// <exception cref="CommandFailedException">It is not built, or cannot be compiled.</exception>
    public static async Task<string> ProgramAsync(VersusOptions options, CancellationToken cancellationToken)
    {
        const string project = "src/LoggerCms.Node";
        var folder = options.BuiltChild
            ? Path.Combine(OurChild.RepositoryRoot, project, "bin", "Release", "net10.0")
            : await AheadOfTime.PublishAsync(project, cancellationToken);
        var program = Path.Combine(folder, "LoggerCms.Node.dll");
        return File.Exists(program) ? program : throw new CommandFailedException("The node is not built: dotnet build -c Release.");
    }

    /// <exception cref="CommandFailedException">It did not start.</exception>
    public static async Task<NodeServer> StartAsync(string program, string home, CancellationToken cancellationToken, params string[] options)
    {
        var start = new ProcessStartInfo("dotnet", [program, "--name", "bench", "--port", "0", .. options]) { RedirectStandardOutput = true };
        start.Environment["LOGGERCMS_HOME"] = home;
        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        if (await process.StandardOutput.ReadLineAsync(cancellationToken) is null)
            throw new CommandFailedException("The node did not start.");
        var started = clock.Elapsed;
        using var profile = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(home, "cms", "admin.profile.json"), cancellationToken));
        return new NodeServer(
            process, new Uri(profile.RootElement.GetProperty("endpoint").GetString()!), profile.RootElement.GetProperty("token").GetString()!, started);
    }

    /// <summary>Makes objects, a thousand a request; their ids are the first one's, which is returned, and those after it.</summary>
    public async Task<long> FillAsync(int objects, int textLength, CancellationToken cancellationToken)
    {
        var text = new string('x', textLength);
        long first = 0;
        for (var at = 0; at < objects; at += ChangesAtOnce)
        {
            var changes = Enumerable.Range(at, ChangesAtOnce)
                .Select(i => new { Operation = "Create", Kind = "Pdf", Name = $"document {i}", ParentId = 23, Properties = new { text } });
            using var body = await ChangeAsync(new { Changes = changes }, cancellationToken);
            if (at == 0)
                first = body.RootElement.GetProperty("Changed")[0].GetProperty("Id").GetInt64();
        }

        return first;
    }

    /// <summary>Changes objects one a request, with 64 under way at once, as clients that may send them again.</summary>
    public Task UpdateAsync(IEnumerable<long> ids, CancellationToken cancellationToken)
        => Parallel.ForEachAsync(
            ids,
            new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = cancellationToken },
            async (id, cancel) => (await ChangeAsync(
                new { RequestId = Guid.CreateVersion7(), Changes = new[] { new { Operation = "Update", Id = id, Properties = new { changed = id } } } }, cancel)).Dispose());

    /// <summary>What it tells of itself.</summary>
    public async Task<JsonDocument> DescribeAsync(CancellationToken cancellationToken)
        => JsonDocument.Parse(await _http.GetByteArrayAsync("v1/node", cancellationToken));

    /// <summary>Stops it; it flushes first.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsync("v1/stop", null, cancellationToken);
        answer.EnsureSuccessStatusCode();
        await _process.WaitForExitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private async Task<JsonDocument> ChangeAsync<T>(T request, CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsJsonAsync("v1/changes", request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
    }
}
