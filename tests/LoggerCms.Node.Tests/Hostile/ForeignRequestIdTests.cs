using LoggerCms.Core.Cluster;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Node.Tests.Reconcile;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Hostile;

/// <summary>Request ids that a client made to be taken for something else.</summary>
public sealed class ForeignRequestIdTests
{
    private const int Others = 60;

    [Fact]
    public async Task Nobody_can_have_changes_to_come_pass_for_some_that_a_reconcile_has_brought_already()
    {
        var left = await Left.ByAsync(async node =>
        {
            var key = (await node.MakeAsync("first")).UpdateKey;
            for (var i = 1; i <= 40; i++)
                await RefusedAsync(node, OnceOnlyId(node, key + 45 + i), $"planted {i}");
            for (var i = 0; i < Others; i++)
                await node.MakeAsync($"other {i}");
        });
        await using var node = await left.StartAsync();
        Assert.Equal(Others, node.Image.Children(SystemObjects.RootFolder).Count(o => o.Name.StartsWith("other ", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("00112233-4455-8677-8899-aabbccddeeff")]
    [InlineData("00112233-4455-4677-8899-aabbccddeeff")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    public async Task An_id_that_is_not_of_version_7_is_refused_also_for_a_plan(string id)
    {
        await using var node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk());
        var service = new NodeService(node);
        foreach (var whatIf in new[] { false, true })
        {
            var refused = await Assert.ThrowsAsync<LoggerCmsException>(
                async () => await service.ChangeAsync(new Http.Caller(Caller, ""), new ChangeRequest(new Guid(id), whatIf, [Create("a")])));
            Assert.Equal(ErrorCodes.InvalidOption, refused.Code);
            Assert.Contains("version 7", refused.Remedy, StringComparison.Ordinal);
        }

        Assert.Null(node.Image.FindChild(SystemObjects.RootFolder, "a"));
    }

    private static async Task RefusedAsync(CmsNode node, Guid id, string name)
    {
        var failure = await Record.ExceptionAsync(async () => await node.Sequencer.WriteAsync(Request(id, Create(name))));
        Assert.True(failure is null or LoggerCmsException { Code: ErrorCodes.InvalidOption }, $"{failure}");
    }

    private static Guid OnceOnlyId(CmsNode node, long key) => OnceOnly.Id(NodeId, new ChangeRecord
    {
        Epoch = node.Describe().Epoch,
        TimeUs = 0,
        PrincipalId = Caller,
        ClientAddress = "",
        RequestId = Guid.Empty,
        Changes = [new RemoveChange { UpdateKey = key, BeforeKey = 0, Id = 1, Kind = "", Name = "" }],
    });
}
