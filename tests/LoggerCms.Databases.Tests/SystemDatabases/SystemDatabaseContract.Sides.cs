using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public abstract partial class SystemDatabaseContract
{
    [Fact]
    public async Task A_side_is_in_service_from_the_lease_to_its_release()
    {
        var (database, system) = await HeldAsync();
        var side = Own(await Make.Driver.OpenAsync(database.Connection, Token));
        Assert.True(await side.IsInServiceAsync(Token));
        await system.ReleaseLeaseAsync(1, Token);
        Assert.False(await side.IsInServiceAsync(Token));
    }

    [Fact]
    public async Task Of_all_tables_only_the_objects_are_part_of_the_side()
    {
        var (database, _) = await HeldAsync();
        var side = Own(await Make.Driver.OpenAsync(database.Connection, Token));
        var table = Assert.Single((await side.CatalogAsync()).Tables);
        Assert.Equal("cms_object", table.Name.ToString());
        Assert.Equal("id", table.Columns[Assert.Single(table.Key)].Name);
    }

    [Fact]
    public async Task The_config_message_log_sees_flushes_and_goes_without_the_nodes_tables()
    {
        var (database, system) = await HeldAsync();
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1, "a", "ca"), Batches.Object(2, "b", "cb")), Token);
        var side = Own(await Make.Driver.OpenAsync(database.Connection, Token));
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, TimeSpan.FromDays(7), Token);
        await system.FlushAsync(
            Batches.Put(1, 5, Batches.Object(1, "b", "cb"), Batches.Object(3, "new", "cn")) with { Remove = [2] }, Token);
        await system.FlushAsync(Batches.Put(1, 7, Batches.Object(1, "x", "cn"), Batches.Object(3, "y", "cb")), Token);
        var state = await side.Log.GetStateAsync(Token);
        var last = new Dictionary<string, string>(StringComparer.Ordinal);
        await foreach (var entry in side.Log.ReadAsync(state.Origin!, 0, state.LastUpdateKey!.Value, Token))
            last[entry.Key] = entry.Operation.ToString();
        Assert.Equal(["i1", "i2", "i3"], last.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("Delete", last["i2"]);

        // Each feature finds its own after the other's changes.
        await system.PrepareAsync(Token);
        Assert.Equal(7, (await system.ReadStateAsync(Token)).LastUpdateKey);
        await side.Log.DisableAsync(Token);
        Assert.False((await side.Log.GetStateAsync(Token)).Enabled);
        await system.FlushAsync(Batches.Put(1, 8, Batches.Object(4)), Token);
        Assert.Equal([1L, 3L, 4L], (await LoadAsync(system)).Select(o => o.Id));
        Assert.True(await side.IsInServiceAsync(Token));
    }

    [Fact]
    public async Task A_database_whose_log_was_there_first_is_prepared_beside_it()
    {
        var database = await NewAsync();
        var side = Own(await Make.Driver.OpenAsync(database.Connection, Token));
        await database.ExecuteAsync($"CREATE TABLE item (id {Make.TypeOf(LogicalKind.Integer)} NOT NULL PRIMARY KEY)");
        await side.Log.EnableAsync("A", (await side.CatalogAsync()).Tables, TimeSpan.FromDays(7), Token);
        var origin = (await side.Log.GetStateAsync(Token)).Origin;
        var system = Open(database);
        await system.PrepareAsync(Token);
        await system.TakeLeaseAsync(NodeA, "a", takeOver: false, usedEpoch: 0, Token);
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        var state = await side.Log.GetStateAsync(Token);
        Assert.True(state.Enabled);
        Assert.Equal(origin, state.Origin);
    }

    [Fact]
    public async Task A_flush_that_is_cancelled_writes_nothing_and_the_next_one_goes()
    {
        var (_, system) = await HeldAsync();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var put = new CancellingList(Enumerable.Range(1, 20_000).Select(i => Batches.Object(i)).ToArray(), cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => system.FlushAsync(Batches.Put(1, 9, put), cancel.Token));
        Assert.Equal((0, 0), ((await system.ReadStateAsync(Token)).Objects, (await system.ReadStateAsync(Token)).LastUpdateKey));
        await system.FlushAsync(Batches.Put(1, 9, Batches.Object(1)), Token);
        Assert.Equal(9, (await system.ReadStateAsync(Token)).LastUpdateKey);
    }

    /// <summary>Cancels when half of it has been read.</summary>
    private sealed class CancellingList(CmsObject[] objects, CancellationTokenSource cancel) : IReadOnlyList<CmsObject>
    {
        public int Count => objects.Length;

        public CmsObject this[int index] => objects[index];

        public IEnumerator<CmsObject> GetEnumerator()
        {
            for (var i = 0; i < objects.Length; i++)
            {
                if (i == objects.Length / 2)
                    cancel.Cancel();
                yield return objects[i];
            }
        }

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
