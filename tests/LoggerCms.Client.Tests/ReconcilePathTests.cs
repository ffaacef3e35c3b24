using LoggerCms.Core.Cluster;
using LoggerCms.Core.Files;

namespace LoggerCms.Client.Tests;

/// <summary>A reconcile of what is no folder of delta files.</summary>
public sealed class ReconcilePathTests(TestNode node) : IClassFixture<TestNode>
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_not_there_or_is_a_file_is_refused_with_its_path(bool whatIf)
    {
        using var client = await node.ConnectAsync();
        foreach (var path in new[] { Path.Combine(node.DataPath, "nope"), Directory.GetFiles(node.DataPath)[0] })
        {
            var request = new CmsReconcileRequest { Path = path, WhatIf = whatIf };
            var failures = new[]
            {
                await Assert.ThrowsAsync<LoggerCmsException>(() => client.ReconcileAsync(request, TestContext.Current.CancellationToken)),
                await Assert.ThrowsAsync<LoggerCmsException>(() => new CmsTools().ReconcileAsync(
                    new SideConnection(SideProvider.Sqlite, Path.Combine(node.DataPath, "none.db")), request, TestContext.Current.CancellationToken)),
            };

            Assert.All(failures, failure => Assert.Equal(ErrorCodes.InvalidOption, failure.Code));
            Assert.All(failures, failure => Assert.Contains(path, failure.Message, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task The_folder_of_a_node_that_runs_is_refused_and_that_of_one_that_does_not_or_of_a_copy_is_taken()
    {
        using var client = await node.ConnectAsync();
        var (data, token) = (TestHome.NewFolder(), TestContext.Current.CancellationToken);
        var request = new CmsReconcileRequest { Path = Directory.CreateDirectory(NodeLife.DeltasIn(data)).FullName };
        using (NodeIdentity.Open(data))
        {
            foreach (var whatIf in new[] { true, false })
            {
                var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => client.ReconcileAsync(request with { WhatIf = whatIf }, token));
                Assert.Equal(ErrorCodes.SideInService, failure.Code);
                Assert.Contains(data, failure.Message, StringComparison.Ordinal);
            }
        }

        Assert.Equal("NothingToDo", (await client.ReconcileAsync(request, token)).Status);
        File.Delete(Path.Combine(data, "node.lock"));
        Assert.Equal("NothingToDo", (await client.ReconcileAsync(request, token)).Status);

        // Nor does the node's own lock stand against its own folder.
        Assert.Equal("NothingToDo", (await client.ReconcileAsync(new CmsReconcileRequest { Path = NodeLife.DeltasIn(node.DataPath) + "/" }, token)).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/../deltas")]
    public async Task What_a_data_folder_owes_is_missed_however_its_path_is_written(string end)
    {
        using var client = await node.ConnectAsync();
        var (data, token) = (TestHome.NewFolder(), TestContext.Current.CancellationToken);
        var request = new CmsReconcileRequest { Path = Directory.CreateDirectory(NodeLife.DeltasIn(data)).FullName + end };
        var life = NodeLife.Open(SystemFiles.Instance, data);
        life.Owe(epoch: 7, sequence: 2, (await client.GetNodeAsync(token)).SystemId, ends: default);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => client.ReconcileAsync(request, token));
        Assert.Equal(ErrorCodes.DeltaDamaged, failure.Code);
        Assert.Contains("00000002.delta", failure.Message, StringComparison.Ordinal);
    }
}
