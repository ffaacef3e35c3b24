using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests;

/// <summary>Who logs on by which name.</summary>
public sealed class LogonTests : IAsyncLifetime
{
    private CmsNode _node = null!;
    private NodeService _service = null!;
    private long _department;

    public async ValueTask InitializeAsync()
    {
        _node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk());
        _service = new NodeService(_node);
        _department = (await _node.MakeAsync("Department", SystemObjects.Users)).Id;
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Whoever_may_act_logs_on_and_nobody_else()
    {
        var inside = await UserAsync("ann", _department, "inside password");
        await UserAsync("bob", SystemObjects.RootFolder, "outside password");

        Assert.Equal(inside, (await LogOnAsync("ANN", "inside password")).User?.Id);
        Assert.Null((await LogOnAsync("bob", "outside password")).User);
    }

    [Fact]
    public async Task Of_two_with_one_name_neither_logs_on_and_the_audit_is_told_which_they_are()
    {
        var one = await UserAsync("ann", SystemObjects.Users, "same password");
        var other = await UserAsync("Ann", _department, "same password");

        var (user, why) = await LogOnAsync("ann", "same password");

        Assert.Null(user);
        Assert.Contains($"{one}, {other}", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_Administrator_shuts_nobody_out()
    {
        await _service.SetPasswordAsync(_service.Begin(SystemObjects.Administrator), SystemObjects.Administrator, new CmsPassword { New = "right password" }, "", cancellationToken: TestContext.Current.CancellationToken);
        await UserAsync("Administrator", _department, "wrong password");

        Assert.Equal(SystemObjects.Administrator, (await LogOnAsync("administrator", "right password")).User?.Id);
        Assert.Null((await LogOnAsync("administrator", "wrong password")).User);
    }

    private async Task<long> UserAsync(string name, long folder, string password)
    {
        var id = (await _node.MakeAsync(name, folder, ObjectKinds.User)).Id;
        await _service.SetPasswordAsync(_service.Begin(SystemObjects.Administrator), id, new CmsPassword { New = password }, "", cancellationToken: TestContext.Current.CancellationToken);
        return id;
    }

    private Task<(CmsObject? User, string Why)> LogOnAsync(string name, string password) => _service.LogOnAsync(name, password, Token);
}
