using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Client.Tests;

/// <summary>What was dropped from memory is read back for whoever may see it, as it is then.</summary>
public sealed class DroppedObjectsTests : IAsyncLifetime
{
    private const int Count = 400;
    private const string Secret = "written after it was denied";

    private readonly TestNode _node = new() { MemoryLimitMB = 1 };
    private CmsClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _node.InitializeAsync();
        _client = await _node.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _node.DisposeAsync();
    }

    [Fact]
    public async Task A_page_that_is_read_slowly_does_not_show_what_was_denied_meanwhile()
    {
        var folder = await MakeAsync("Folder", "folder", SystemObjects.RootFolder, "");
        var user = await MakeAsync("User", "reader", SystemObjects.Users, "");
        await SetRightAsync(folder, user, "Granted");
        List<long> ids = [];
        for (var i = 0; i < Count; i++)
            ids.Add(await MakeAsync("Webi", string.Create(CultureInfo.InvariantCulture, $"object {i}"), folder, new string('x', 60_000)));
        await _client.FlushAsync(Cancellation);
        var token = (await _client.IssueTokenAsync(new CmsTokenRequest { PrincipalId = user, Name = "slow" }, Cancellation)).Text;

        using var tcp = new TcpClient { ReceiveBufferSize = 4096 };
        await tcp.ConnectAsync("127.0.0.1", _node.Endpoint.Port, Cancellation);
        using var stream = new SslStream(tcp.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await stream.AuthenticateAsClientAsync("localhost");
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture, $"GET /v1/objects/{folder}/children?take=10000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n")),
            Cancellation);
        using var answer = new MemoryStream();
        var buffer = new byte[1 << 16];
        answer.Write(buffer, 0, await stream.ReadAsync(buffer, Cancellation));
        foreach (var id in ids.TakeLast(20))
        {
            await SetRightAsync(id, user, "Denied");
            await _client.ChangeAsync(new CmsChangeRequest { Changes = [new CmsChange { Operation = "Update", Id = id, Properties = Text(Secret) }] }, Cancellation);
        }

        await _client.FlushAsync(Cancellation);
        for (var count = 1; count > 0;)
        {
            count = await stream.ReadAsync(buffer, Cancellation);
            answer.Write(buffer, 0, count);
        }

        var text = Encoding.UTF8.GetString(answer.ToArray());
        Assert.Contains("\"object 0\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
    }

    private static JsonElement Text(string text) => JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["text"] = text });

    private async Task<long> MakeAsync(string kind, string name, long parent, string text)
        => (await _client.ChangeAsync(
            new CmsChangeRequest { Changes = [new CmsChange { Operation = "Create", Kind = kind, Name = name, ParentId = parent, Properties = Text(text) }] }, Cancellation)).Changed[0].Id;

    private Task SetRightAsync(long id, long user, string value)
        => _client.ChangeAsync(
            new CmsChangeRequest { Changes = [new CmsChange { Operation = "SetRight", Id = id, PrincipalId = user, Right = "View", RightValue = value }] }, Cancellation);
}
