using LoggerCms.PowerShell.Cms;
using Xunit;

namespace LoggerCms.PowerShell.Tests.Objects;

public sealed class OpenConnectionTests
{
    private const string Elsewhere = "https://elsewhere/";

    private readonly SharedClient _first = new(new FakeClient());
    private readonly OpenConnection _connection;

    public OpenConnectionTests() => _connection = new OpenConnection(new CmsSession { Endpoint = "https://fake/" }, _first, isHandedOut: false, followsProfile: true);

    [Fact]
    public void An_address_is_news_until_a_node_was_reached_there()
    {
        Assert.True(_connection.IsNews(Elsewhere));
        Assert.True(_connection.IsNews(Elsewhere));
        _connection.Saw(Elsewhere);
        Assert.False(_connection.IsNews(Elsewhere));
    }

    [Fact]
    public async Task One_that_was_closed_does_not_move()
    {
        var moved = new SharedClient(new FakeClient());

        await _connection.CloseAsync(TestContext.Current.CancellationToken);

        Assert.Same(moved, _connection.MoveTo(moved, Elsewhere));
        Assert.Same(_first, _connection.Client);
    }

    [Fact]
    public void One_that_is_open_moves_and_leaves_the_client_before()
    {
        var moved = new SharedClient(new FakeClient());

        Assert.Same(_first, _connection.MoveTo(moved, Elsewhere));
        Assert.Same(moved, _connection.Client);
    }
}
