using LoggerCms.Core.Cluster;
using LoggerCms.Node.Tests.Support;
using static LoggerCms.Node.Tests.Support.NodeFixture;

namespace LoggerCms.Node.Tests.Hostile;

/// <summary>Ids and update keys come from blocks, and nobody is to use up what others need.</summary>
public sealed class NumbersTests
{
    [Fact]
    public async Task What_is_only_planned_or_is_refused_uses_up_no_ids_and_no_update_keys()
    {
        var database = new FaultyDatabase(new FakeSystemDatabase());
        await using var node = await NodeFixture.StartAsync(database, NewDisk());
        var first = await node.MakeAsync("first");
        database.Fault = _ => DatabaseFault.Away;
        WriteOperation[] many = [.. Enumerable.Range(0, 400).Select(i => Create($"n{i}"))];
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(first.Id + 1, (await node.Sequencer.PlanAsync(Request(many))).Changed[0].Id);
            await Assert.ThrowsAsync<LoggerCmsException>(() => node.Sequencer.WriteAsync(Request([.. many, new RemoveObject { Id = 999_999 }])).AsTask());
        }

        var next = await node.MakeAsync("next");
        Assert.Equal((first.Id + 1, first.UpdateKey + 1), (next.Id, next.UpdateKey));
    }

    [Fact]
    public async Task A_write_waits_for_another_block_while_the_database_is_there()
    {
        var options = Options with { Cluster = Options.Cluster with { ObjectIdBlock = 10, UpdateKeyBlock = 40 } };
        await using var node = await NodeFixture.StartAsync(new FakeSystemDatabase(), NewDisk(), options);
        var made = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => node.MakeAsync($"n{i}")));
        Assert.Equal(60, made.Select(m => m.Id).Distinct().Count());
    }
}
