using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Client.Tests;

/// <summary>What a node says of itself: to whom, and while something that it needs is away and nobody writes.</summary>
public sealed class OutageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("system.db")]
    [InlineData("audit.db")]
    public async Task An_idle_node_whose_database_is_away_is_yellow_with_the_reason_until_it_is_back(string database)
    {
        await using var node = new TestNode();
        await node.InitializeAsync();
        using var client = await node.ConnectAsync();
        var path = Path.Combine(node.DataPath, database);
        Assert.Equal("Green", (await client.GetNodeAsync(Cancellation)).Color);
        File.Move(path, path + ".away");
        var about = await UntilAsync(client, "Yellow");
        Assert.Equal("Degraded", about.State);
        Assert.Contains(database, about.Reason, StringComparison.Ordinal);
        File.Move(path + ".away", path, overwrite: true);
        Assert.Empty((await UntilAsync(client, "Green")).Reason);
    }

    [Fact]
    public async Task Who_does_not_run_the_node_learns_no_paths_and_no_reasons()
    {
        await using var node = new TestNode();
        await node.InitializeAsync();
        using var admin = await node.ConnectAsync();
        var made = await admin.ChangeAsync(
            new CmsChangeRequest { Changes = [new CmsChange { Operation = "Create", Kind = "User", Name = "bob", ParentId = SystemObjects.Users }] }, Cancellation);
        var issued = await admin.IssueTokenAsync(new CmsTokenRequest { Name = "bob's", PrincipalId = made.Changed[0].Id }, Cancellation);
        using var bob = await node.ConnectAsync(token: issued.Text);
        var (all, some) = (await admin.GetNodeAsync(Cancellation), await bob.GetNodeAsync(Cancellation));
        Assert.NotNull(all.Reconcile);
        Assert.NotEmpty(all.DeltaPath);
        Assert.Null(some.Reconcile);
        Assert.Equal(("", "", ""), (some.Database, some.DeltaPath, some.Reason));
        Assert.Equal((all.State, all.Color, all.Epoch), (some.State, some.Color, some.Epoch));
    }

    private static async Task<CmsNodeInfo> UntilAsync(CmsClient client, string color)
    {
        for (var i = 0; ; i++)
        {
            var about = await client.GetNodeAsync(Cancellation);
            if (about.Color == color)
                return about;
            Assert.True(i < 300, $"It is {about.Color}, not {color}: {about.Reason}");
            await Task.Delay(100, Cancellation);
        }
    }
}
