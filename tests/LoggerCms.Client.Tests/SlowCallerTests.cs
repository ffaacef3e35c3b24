using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace LoggerCms.Client.Tests;

/// <summary>Callers that have the node hold something and take their time, and questions that are too large.</summary>
public sealed class SlowCallerTests : IAsyncLifetime
{
    private const int Large = 15 << 20;

    private readonly TestNode _node = new();
    private string _token = "";
    private CmsClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _node.InitializeAsync();
        _client = await _node.ConnectAsync();
        _token = (await _client.IssueTokenAsync(new CmsTokenRequest { Name = "slow" }, Cancellation)).Text;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task Bodies_that_never_end_take_a_bounded_part_of_the_memory()
    {
        List<SslStream> open = [];
        var refused = 0;
        for (var i = 0; i < 6 && refused == 0; i++)
        {
            var stream = await OpenAsync($"POST /v1/changes HTTP/1.1\r\nContent-Length: {Large + 100}\r\n");
            open.Add(stream);
            try
            {
                await stream.WriteAsync(new byte[Large], Cancellation);
                await stream.FlushAsync(Cancellation);
            }
            catch (IOException)
            {
                // The node has closed it: it is refused.
            }

            refused += await AnswerAsync(stream, TimeSpan.FromSeconds(3)) is not "" ? 1 : 0;
        }

        Assert.Equal((5, 1), (open.Count, refused));
        Assert.Equal(1, (await _client.ChangeAsync(Change.Create("beside them"), Cancellation)).DurableOn);
        foreach (var stream in open)
            await stream.DisposeAsync();
    }

    [Fact]
    public async Task Exports_that_are_read_slowly_are_few_and_no_stop_waits_for_them()
    {
        var folder = (await _client.ChangeAsync(Change.Create("f"), Cancellation)).Changed[0].Id;
        var text = JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["x"] = new string('x', 500_000) });
        for (var i = 0; i < 20; i++)
        {
            await _client.ChangeAsync(
                new CmsChangeRequest
                {
                    Changes = [new CmsChange { Operation = "Create", Kind = "Folder", Name = $"n{i}", ParentId = folder, Properties = text }],
                },
                Cancellation);
        }

        var get = string.Create(CultureInfo.InvariantCulture, $"GET /v1/objects/{folder}/export HTTP/1.1\r\n");

        // One by one: of three at once any may be the one that is refused.
        var first = await OpenAsync(get);
        Assert.Contains(" 200 ", await AnswerAsync(first, TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
        var second = await OpenAsync(get);
        Assert.Contains(" 200 ", await AnswerAsync(second, TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
        var third = await OpenAsync(get);
        Assert.Contains(" 429 ", await AnswerAsync(third, TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
        using var end = new CancellationTokenSource();
        var reading = ReadSlowlyAsync(first, end.Token);
        var started = Stopwatch.GetTimestamp();
        await _node.EndAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(started).TotalSeconds, 0, 15);
        await end.CancelAsync();
        await reading;
        foreach (var stream in (SslStream[])[first, second, third])
            await stream.DisposeAsync();
    }

    [Fact]
    public async Task What_an_audit_query_cannot_find_is_not_there_and_what_is_too_long_is_refused()
    {
        Assert.Equal(0, await CountAsync("a\0b"));
        Assert.Equal(ErrorCodes.InvalidOption, (await Assert.ThrowsAsync<LoggerCmsException>(() => CountAsync(new string('a', 5000)))).Code);
    }

    private async Task<int> CountAsync(string text)
    {
        var count = 0;
        await foreach (var _ in _client.GetAuditAsync(new CmsAuditQuery { Text = text }, Cancellation))
            count++;
        return count;
    }

    private static async Task ReadSlowlyAsync(SslStream stream, CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new byte[2048];
            while (await stream.ReadAsync(buffer, cancellationToken) > 0)
                await Task.Delay(1000, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The node has gone, or the test has seen what it wanted.
        }
    }

    private async Task<SslStream> OpenAsync(string request)
    {
        var tcp = new TcpClient { ReceiveBufferSize = 4096 };
        await tcp.ConnectAsync("127.0.0.1", _node.Endpoint.Port, Cancellation);
        var stream = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync("localhost");
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{request}Host: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer {_token}\r\n\r\n"), Cancellation);
        return stream;
    }

    private static async Task<string> AnswerAsync(SslStream stream, TimeSpan wait)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        timeout.CancelAfter(wait);
        try
        {
            var buffer = new byte[512];
            var count = await stream.ReadAsync(buffer, timeout.Token);
            return count == 0 ? "closed" : Encoding.ASCII.GetString(buffer, 0, count);
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            return "";
        }
        catch (IOException)
        {
            return "closed";
        }
    }
}
