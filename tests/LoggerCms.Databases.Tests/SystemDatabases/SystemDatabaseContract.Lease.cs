using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public abstract partial class SystemDatabaseContract
{
    [Fact]
    public async Task Preparing_twice_leaves_everything_as_it_was()
    {
        var database = await NewAsync();
        var system = Open(database);
        await system.PrepareAsync(Token);
        var first = await system.ReadStateAsync(Token);
        Assert.Null(first.Lease);
        Assert.Empty(first.Epochs);
        Assert.Equal((0, 0, 0, 0), (first.ObjectIdEnd, first.UpdateKeyEnd, first.LastUpdateKey, first.Objects));
        await system.TakeLeaseAsync(NodeA, "a", takeOver: false, usedEpoch: 0, Token);
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        var again = Open(database);
        await again.PrepareAsync(Token);
        var second = await again.ReadStateAsync(Token);
        Assert.Equal(first.Identity, second.Identity);
        Assert.NotEqual(Guid.Empty, first.Identity);
        Assert.Equal(1, second.Objects);
        Assert.Equal(1, second.Lease!.Epoch);
    }

    [Fact]
    public async Task Two_nodes_may_prepare_at_once()
    {
        var database = await NewAsync();
        var nodes = Enumerable.Range(0, 4).Select(_ => Open(database)).ToArray();
        await Task.WhenAll(nodes.Select(n => n.PrepareAsync(Token)));
        var states = await Task.WhenAll(nodes.Select(n => n.ReadStateAsync(Token)));
        Assert.Single(states.Select(s => s.Identity).Distinct());
    }

    [Theory]
    [InlineData(Lease.OfReconcile, "Invoke-DeltaReconcile")]
    [InlineData("node-a", "Stop-CmsNode")]
    public async Task Who_is_refused_the_lease_is_told_what_its_holder_can_be_ended_by(string holder, string remedy)
    {
        var database = await NewAsync();
        var system = Open(database);
        await system.PrepareAsync(Token);
        await system.TakeLeaseAsync(NodeA, holder, takeOver: false, usedEpoch: 0, Token);
        var refused = await Sides.FailsAsync(ErrorCodes.SideInService, () => Open(database).TakeLeaseAsync(NodeB, "node-b", takeOver: false, usedEpoch: 0, Token));
        Assert.Contains(remedy, refused.Remedy, StringComparison.Ordinal);
        Assert.Contains("-TakeOver, which may lose what only", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_format_is_refused_and_left_untouched()
    {
        var (database, system) = await HeldAsync();
        await database.ExecuteAsync("UPDATE loggercms_system SET format = 2", "DROP TABLE loggercms_token");
        var other = Open(database);
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => other.PrepareAsync(Token));
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => other.TakeLeaseAsync(NodeB, "b", takeOver: true, usedEpoch: 0, Token));
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => other.ReadStateAsync(Token));
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => LoadAsync(other));
        await Sides.FailsAsync(ErrorCodes.FormatNotSupported, () => system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token));
        Assert.Equal("0", await database.ScalarAsync("SELECT count(*) FROM cms_object"));
        Assert.DoesNotContain(await database.FindOwnObjectsAsync(), n => n.Contains("loggercms_token", StringComparison.Ordinal));
        Assert.Equal("1", await database.ScalarAsync("SELECT epoch FROM loggercms_lease"));
    }

    [Fact]
    public async Task A_database_that_was_not_prepared_says_so()
    {
        var system = Open(await NewAsync());
        await Sides.FailsAsync(ErrorCodes.TableNotFound, () => system.ReadStateAsync(Token));
        await Sides.FailsAsync(ErrorCodes.TableNotFound, () => system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token));
        await Sides.FailsAsync(ErrorCodes.TableNotFound, () => LoadAsync(system));
    }

    [Fact]
    public async Task Of_nodes_that_race_for_the_lease_exactly_one_has_it()
    {
        var database = await NewAsync();
        var nodes = Enumerable.Range(0, 6).Select(i => (Id: Guid.NewGuid(), System: Open(database))).ToArray();
        await nodes[0].System.PrepareAsync(Token);
        using var start = new Barrier(nodes.Length);
        var taken = await Task.WhenAll(nodes.Select(n => Task.Factory.StartNew(
            async () =>
            {
                start.SignalAndWait(Token);
                try
                {
                    return await n.System.TakeLeaseAsync(n.Id, "node", takeOver: false, usedEpoch: 0, Token);
                }
                catch (LoggerCmsException e) when (e.Code == ErrorCodes.SideInService)
                {
                    return null;
                }
            },
            Token,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap()));
        var winner = Assert.Single(taken, t => t is not null);
        Assert.Equal(winner, (await nodes[0].System.ReadStateAsync(Token)).Lease);
        Assert.Equal(1, winner!.Epoch);
    }

    [Fact]
    public async Task A_lease_in_force_is_refused_by_its_holders_name_unless_it_is_taken_over()
    {
        var (database, a) = await HeldAsync();
        var b = Open(database);
        var refused = await Sides.FailsAsync(ErrorCodes.SideInService, () => b.TakeLeaseAsync(NodeB, "node-b", takeOver: false, usedEpoch: 0, Token));
        Assert.Contains("node-a", refused.Message, StringComparison.Ordinal);
        await a.ReserveAsync(1, 10, 500, Token);
        var lease = await b.TakeLeaseAsync(NodeB, "node-b", takeOver: true, usedEpoch: 0, Token);
        Assert.Equal(new Lease(2, NodeB, "node-b", InForce: true), lease);
        var state = await b.ReadStateAsync(Token);
        Assert.Equal(lease, state.Lease);
        Assert.Equal([new EpochEnd(1, NodeA, 0), new EpochEnd(2, NodeB, 500)], state.Epochs.OrderBy(e => e.Epoch));
    }

    [Fact]
    public async Task A_node_takes_its_own_lease_again_with_another_epoch()
    {
        var (database, _) = await HeldAsync();
        var again = Open(database);
        Assert.Equal(2, (await again.TakeLeaseAsync(NodeA, "node-a", takeOver: false, usedEpoch: 0, Token)).Epoch);
    }

    [Fact]
    public async Task A_lease_given_back_is_not_in_force_and_anyone_may_take_it()
    {
        var (database, a) = await HeldAsync();
        await a.ReleaseLeaseAsync(1, Token);
        Assert.Equal(new Lease(1, NodeA, "node-a", InForce: false), (await a.ReadStateAsync(Token)).Lease);
        var b = Open(database);
        Assert.Equal(2, (await b.TakeLeaseAsync(NodeB, "node-b", takeOver: false, usedEpoch: 0, Token)).Epoch);
        await a.ReleaseLeaseAsync(1, Token);
        Assert.True((await b.ReadStateAsync(Token)).Lease!.InForce);
    }

    [Fact]
    public async Task An_old_epoch_writes_nothing()
    {
        var (database, a) = await HeldAsync();
        await a.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        var b = Open(database);
        await b.TakeLeaseAsync(NodeB, "node-b", takeOver: true, usedEpoch: 0, Token);
        var token = new LocalEntry(new LocalKey(LocalClass.Token, Guid.NewGuid()), 1, [1]);
        await Sides.FailsAsync(
            ErrorCodes.EpochLost, () => a.FlushAsync(Batches.Put(1, 9, Batches.Object(2)) with { Remove = [1], PutLocal = [token] }, Token));
        await Sides.FailsAsync(ErrorCodes.EpochLost, () => a.ReserveAsync(1, 1000, 1000, Token));
        var state = await b.ReadStateAsync(Token);
        Assert.Equal((1, 0L), (state.LastUpdateKey, state.ObjectIdEnd - 1));
        Assert.Equal([1L], (await LoadAsync(b)).Select(o => o.Id));
        Assert.Empty(await LoadLocalAsync(b, LocalClass.Token));
    }

    [Fact]
    public async Task Another_systems_database_with_the_same_epoch_and_node_is_not_written_to()
    {
        var (database, a) = await HeldAsync();
        await a.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);

        // As where the name leads to another server by now: all that a small number can be alike in is.
        var identity = await database.ScalarAsync("SELECT identity FROM loggercms_system");
        await database.ExecuteAsync($"UPDATE loggercms_system SET identity = '{Guid.NewGuid():D}'");
        await Sides.FailsAsync(ErrorCodes.EpochLost, () => a.FlushAsync(Batches.Put(1, 2, Batches.Object(2)), Token));
        await Sides.FailsAsync(ErrorCodes.EpochLost, () => a.ReserveAsync(1, 1000, 1000, Token));
        await a.ReleaseLeaseAsync(1, Token);
        Assert.Null(await a.FindAsync(1, Token));
        var state = await a.ReadStateAsync(Token);
        Assert.Equal((1, 1L, true), (state.LastUpdateKey, state.Objects, state.Lease!.InForce));

        await database.ExecuteAsync($"UPDATE loggercms_system SET identity = '{identity}'", $"UPDATE loggercms_lease SET node_id = '{NodeB:D}'");
        await Sides.FailsAsync(ErrorCodes.EpochLost, () => a.FlushAsync(Batches.Put(1, 2, Batches.Object(2)), Token));
        await database.ExecuteAsync($"UPDATE loggercms_lease SET node_id = '{NodeA:D}'");
        await a.FlushAsync(Batches.Put(1, 2, Batches.Object(2)), Token);
        Assert.NotNull(await a.FindAsync(1, Token));
    }

    [Fact]
    public async Task A_database_that_went_back_to_an_earlier_state_of_the_same_epoch_is_not_written_to()
    {
        var (database, a) = await HeldAsync();
        await a.ReserveAsync(1, 100, 100, Token);
        await a.FlushAsync(Batches.Put(1, 5, Batches.Object(1)), Token);
        await a.FlushAsync(Batches.Put(1, 9, Batches.Object(2)), Token);
        await database.ExecuteAsync("UPDATE loggercms_epoch SET last_key = 5", "UPDATE loggercms_system SET last_update_key = 5", "DELETE FROM cms_object WHERE id = 2");
        var failure = await Sides.FailsAsync(ErrorCodes.DatabaseWentBack, () => a.FlushAsync(Batches.Put(1, 11, Batches.Object(3)), Token));
        Assert.Contains("update key 9", failure.Message, StringComparison.Ordinal);
        await Sides.FailsAsync(ErrorCodes.DatabaseWentBack, () => a.ReserveAsync(1, 200, 200, Token));
        Assert.Equal([1L], (await LoadAsync(a)).Select(o => o.Id));

        // One that is further than was seen may be so by a COMMIT whose answer was lost; a look settles that.
        await database.ExecuteAsync("UPDATE loggercms_epoch SET last_key = 11");
        await a.FlushAsync(Batches.Put(1, 11, Batches.Object(3)), Token);
        await database.ExecuteAsync("UPDATE loggercms_epoch SET last_key = 13");
        await a.ReadStateAsync(Token);
        await database.ExecuteAsync("UPDATE loggercms_epoch SET last_key = 12");
        await Sides.FailsAsync(ErrorCodes.DatabaseWentBack, () => a.FlushAsync(Batches.Put(1, 14, Batches.Object(4)), Token));
    }

    [Fact]
    public async Task Who_did_not_take_the_lease_writes_nothing()
    {
        var (database, a) = await HeldAsync();
        await Sides.FailsAsync(ErrorCodes.EpochLost, () => Open(database).FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token));
        Assert.Equal(0, (await a.ReadStateAsync(Token)).Objects);
    }

    [Fact]
    public async Task Ends_of_blocks_never_go_back()
    {
        var (_, system) = await HeldAsync();
        await system.ReserveAsync(1, 100, 1000, Token);
        await system.ReserveAsync(1, 50, 2000, Token);
        await system.ReserveAsync(1, 70, 5, Token);
        var state = await system.ReadStateAsync(Token);
        Assert.Equal((100, 2000), (state.ObjectIdEnd, state.UpdateKeyEnd));
        await system.FlushAsync(Batches.Put(1, 10, Batches.Object(99)), Token);
        await system.FlushAsync(Batches.Remove(1, 11, 99), Token);
        state = await system.ReadStateAsync(Token);
        Assert.Equal((100, 2000, 11), (state.ObjectIdEnd, state.UpdateKeyEnd, state.LastUpdateKey));
    }

    [Fact]
    public async Task Objects_that_came_by_another_way_raise_the_end_of_ids()
    {
        var (database, system) = await HeldAsync();
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        await database.ExecuteAsync("UPDATE cms_object SET id = 5000");
        Assert.Equal(5000, (await system.ReadStateAsync(Token)).ObjectIdEnd);
    }
}
