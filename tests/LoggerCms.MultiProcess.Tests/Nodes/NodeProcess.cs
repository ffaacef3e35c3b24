using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace LoggerCms.MultiProcess.Tests.Nodes;

/// <summary>A real node in a process of its own, and a way to ask it that knows nothing of the client library.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly HttpClient _http;

    private NodeProcess(Process process, string home)
    {
        _process = process;
        Home = home;
        _http = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOurs(certificate) },
            MaxConnectionsPerServer = 64,
        });
    }

    /// <summary>Beside this project's own output, in the same configuration.</summary>
    private static string Program
    {
        get
        {
            var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            var root = framework.Parent!.Parent!.Parent!.Parent!.Parent!;
            return Path.Combine(root.FullName, "src", "LoggerCms.Node", "bin", framework.Parent.Name, framework.Name, "LoggerCms.Node.dll");
        }
    }

    public string Home { get; }

    public Uri Endpoint { get; private set; } = null!;

    public string Token { get; private set; } = "";

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    public string DataPath => Path.Combine(Home, "nodes", "T");

    public string Said
    {
        get
        {
            lock (_said)
                return _said.ToString();
        }
    }

    private string CaPem { get; set; } = "";

    /// <summary>Starts one and waits until it is ready.</summary>
    public static async Task<NodeProcess> StartAsync(string home, string[]? before = null, params string[] settings)
    {
        var node = Launch(home, before ?? [], settings);
        var waited = Stopwatch.StartNew();
        while (!node.Said.Contains(" is ready at ", StringComparison.Ordinal))
        {
            Assert.False(node._process.HasExited, $"The node ended with {(node._process.HasExited ? node._process.ExitCode : 0)}: {node.Said}");
            Assert.True(waited.Elapsed < Patience, $"Waited {Patience} for the node to be ready: {node.Said}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        using var profile = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(home, "cms", "admin.profile.json"), TestContext.Current.CancellationToken));
        string Of(string name) => profile.RootElement.GetProperty(name).GetString()!;
        (node.Endpoint, node.Token, node.CaPem) = (new Uri(Of("endpoint")), Of("token"), Of("ca"));
        node._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", node.Token);
        return node;
    }

    /// <summary>Starts one that is expected not to come up; gives its exit code and what it said.</summary>
    public static async Task<(int ExitCode, string Said)> FailAsync(string home, params string[] settings)
    {
        await using var node = Launch(home, [], settings);
        await node._process.WaitForExitAsync(TestContext.Current.CancellationToken);
        node._process.WaitForExit();
        return (node._process.ExitCode, node.Said);
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Endpoint, path));
        if (body is not null)
            request.Content = JsonContent.Create(body);
        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    public Task<(HttpStatusCode Status, JsonElement Body)> GetAsync(string path) => AskAsync(HttpMethod.Get, path);

    public Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, object body) => AskAsync(HttpMethod.Post, path, body);

    /// <summary>Makes one change; fails the test where that is refused.</summary>
    public async Task<JsonElement> ChangeAsync(object change, Guid? requestId = null)
    {
        var (status, body) = await PostAsync("v1/changes", new { RequestId = requestId, Changes = new[] { change } });
        Assert.True(status == HttpStatusCode.OK, $"{status}: {body}");
        return body.GetProperty("Changed")[0];
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Asks it to end as an operator would; gives the exit code.</summary>
    public async Task<int> StopAsync(string signal = "TERM")
    {
        // Not the process that was started here: that may be strace, which keeps the signal to itself.
        var node = (await GetAsync("v1/node")).Body.GetProperty("ProcessId").GetRawText();
        using (var kill = Process.Start("kill", ["-" + signal, node]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private static NodeProcess Launch(string home, string[] before, string[] settings)
    {
        string[] command = [.. before, Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet",
            Program, "--name", "T", .. settings];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LOGGERCMS_HOME"] = home;
        var process = new Process { StartInfo = start };
        var node = new NodeProcess(process, home);
        process.OutputDataReceived += (_, line) => node.Hear(line.Data);
        process.ErrorDataReceived += (_, line) => node.Hear(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return node;
    }

    private void Hear(string? line)
    {
        lock (_said)
            _said.AppendLine(line);
    }

    private bool IsOurs(X509Certificate? certificate)
    {
        using var authority = X509Certificate2.CreateFromPem(CaPem);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return certificate is X509Certificate2 given && chain.Build(given);
    }
}
