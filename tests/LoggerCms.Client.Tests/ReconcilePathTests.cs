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
}
