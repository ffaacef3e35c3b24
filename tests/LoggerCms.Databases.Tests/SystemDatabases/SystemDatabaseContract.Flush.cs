using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public abstract partial class SystemDatabaseContract
{
    [Fact]
    public async Task What_was_flushed_is_loaded_and_found_field_for_field()
    {
        var (_, system) = await HeldAsync();
        var written = new[]
        {
            Batches.Object(1, "it's \"quoted\" [x] `y` \\ %_"),
            Batches.Object(2, "emoji 😀 and e\u0301 and 漢字", "cuid 😀'\""),
            Batches.Object(3, string.Empty, properties: [0, 1, 2, 255]),
            Batches.Object(long.MaxValue - 1, "the last", version: int.MaxValue, updateKey: long.MaxValue - 1),
            new CmsObject
            {
                Id = 5, Cuid = "Cuid", Kind = "Crystal.Report", ParentId = 3, Name = "with an access list", OwnerId = -1, Version = 2, UpdateKey = 3,
                CreatedUs = 0, ModifiedUs = -1, Properties = [], AccessList = [9, 8, 7],
            },
            Batches.Object(6, "differs by case only", "cuid"),
            Batches.Object(8, "trailing blank ", "CUID "),
        };
        await system.FlushAsync(Batches.Put(1, 10, written), Token);
        var sorted = written.OrderBy(o => o.Id).ToArray();
        Assert.Equal(Batches.Show(sorted), Batches.Show(await LoadAsync(system)));
        foreach (var o in written)
            Assert.Equal(Batches.Show(o), Batches.Show(await system.FindAsync(o.Id, Token)));
        Assert.Null(await system.FindAsync(4, Token));
        var folder = (await LoadAsync(system)).First(o => o.Id == 1);
        Assert.Same(ObjectKinds.Folder, folder.Kind);
    }

    [Fact]
    public async Task Empty_bytes_are_empty_and_not_null()
    {
        var (database, system) = await HeldAsync();
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1)), Token);
        Assert.Equal("1", await database.ScalarAsync("SELECT count(*) FROM cms_object WHERE access_list IS NOT NULL AND properties IS NOT NULL"));
        var read = await system.FindAsync(1, Token);
        Assert.Empty(read!.AccessList);
        Assert.Empty(read.Properties);
    }

    [Fact]
    public async Task A_flush_moves_the_ends_of_its_epoch_and_of_the_database()
    {
        var (_, system) = await HeldAsync();
        await system.ReserveAsync(1, 100, 200, Token);
        await system.FlushAsync(Batches.Put(1, 42, Batches.Object(1), Batches.Object(2)), Token);
        var state = await system.ReadStateAsync(Token);
        Assert.Equal((100, 200, 42, 2), (state.ObjectIdEnd, state.UpdateKeyEnd, state.LastUpdateKey, state.Objects));
        Assert.Equal(new EpochEnd(1, NodeA, 42), Assert.Single(state.Epochs));
        Assert.True(state.Bytes > 0);
    }

    [Fact]
    public async Task Names_swap_and_cuids_move_within_a_batch()
    {
        var (_, system) = await HeldAsync();
        await system.FlushAsync(
            Batches.Put(1, 1, Batches.Object(1, "a", "ca"), Batches.Object(2, "b", "cb"), Batches.Object(3, "c", "cc"), Batches.Object(4, "d", "cd")), Token);
        var after = new[] { Batches.Object(1, "b", "cb"), Batches.Object(2, "a", "cc"), Batches.Object(3, "c", "ca"), Batches.Object(5, "d", "cd") };
        await system.FlushAsync(Batches.Put(1, 2, after) with { Remove = [4] }, Token);
        Assert.Equal(Batches.Show(after), Batches.Show(await LoadAsync(system)));
    }

    [Fact]
    public async Task A_cuid_that_another_object_keeps_is_refused_and_nothing_is_written()
    {
        var (_, system) = await HeldAsync();
        var before = new[] { Batches.Object(1, "a", "ca"), Batches.Object(2, "b", "cb") };
        await system.FlushAsync(Batches.Put(1, 1, before), Token);
        await Sides.FailsAsync(
            ErrorCodes.ConstraintViolated, () => system.FlushAsync(Batches.Put(1, 2, Batches.Object(3, "c", "ca"), Batches.Object(2, "x", "cx")), Token));
        Assert.Equal(Batches.Show(before), Batches.Show(await LoadAsync(system)));
        Assert.Equal(1, (await system.ReadStateAsync(Token)).LastUpdateKey);
    }

    [Fact]
    public async Task An_object_deleted_and_made_again_under_its_name_is_there_once()
    {
        var (_, system) = await HeldAsync();
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(1, "same", "c1")), Token);
        await system.FlushAsync(Batches.Put(1, 3, Batches.Object(2, "same", "c1")) with { Remove = [1] }, Token);
        Assert.Equal([2L], (await LoadAsync(system)).Select(o => o.Id));
    }

    [Fact]
    public async Task The_same_batch_may_be_written_again()
    {
        var (_, system) = await HeldAsync();
        await system.FlushAsync(Batches.Put(1, 1, Batches.Object(9)), Token);
        var token = new LocalEntry(new LocalKey(LocalClass.Token, Guid.NewGuid()), 5, [1]);
        var batch = Batches.Put(1, 5, Batches.Object(1), Batches.Object(2)) with { Remove = [9, 12345], PutLocal = [token], RemoveLocal = [new(LocalClass.Request, Guid.NewGuid())] };
        for (var i = 0; i < 3; i++)
            await system.FlushAsync(batch, Token);
        Assert.Equal([1L, 2L], (await LoadAsync(system)).Select(o => o.Id));
        Assert.Equal(5, (await system.ReadStateAsync(Token)).LastUpdateKey);
        Assert.Single(await LoadLocalAsync(system, LocalClass.Token));
    }

    [Fact]
    public async Task A_batch_of_50000_objects_and_as_many_removals_goes_in_one_transaction()
    {
        var (_, system) = await HeldAsync();
        const int count = 50_000;
        var bytes = new byte[300];
        new Random(4711).NextBytes(bytes);
        await system.FlushAsync(Batches.Put(1, 1, [.. Enumerable.Range(1, count).Select(i => Batches.Object(i, properties: bytes))]), Token);
        var put = Enumerable.Range(1, count).Select(i => Batches.Object(i + (count / 2), version: 2, properties: bytes)).ToArray();
        await system.FlushAsync(Batches.Put(1, 2, put) with { Remove = [.. Enumerable.Range(1, count / 2).Select(i => (long)i)] }, Token);
        Assert.Equal(Batches.Show(put), Batches.Show(await LoadAsync(system)));
        Assert.Equal(count, (await system.ReadStateAsync(Token)).Objects);
    }

    [Fact]
    public async Task Local_entries_are_kept_by_class_and_id()
    {
        var (_, system) = await HeldAsync();
        var id = Guid.NewGuid();
        var token = new LocalEntry(new LocalKey(LocalClass.Token, id), 10, []);
        var request = new LocalEntry(new LocalKey(LocalClass.Request, id), 20, [1, 2, 3]);
        await system.FlushAsync(Batches.Put(1, 1) with { PutLocal = [token, request] }, Token);
        var read = Assert.Single(await LoadLocalAsync(system, LocalClass.Request));
        Assert.Equal((request.Key, 20L, "010203"), (read.Key, read.ExpiresUs, Convert.ToHexString(read.Content)));
        Assert.Empty(Assert.Single(await LoadLocalAsync(system, LocalClass.Token)).Content);
        await system.FlushAsync(
            Batches.Put(1, 2) with { RemoveLocal = [token.Key], PutLocal = [request with { ExpiresUs = 30, Content = [4] }] }, Token);
        Assert.Empty(await LoadLocalAsync(system, LocalClass.Token));
        Assert.Equal(30, Assert.Single(await LoadLocalAsync(system, LocalClass.Request)).ExpiresUs);
    }

    [Fact]
    public async Task Loads_and_finds_go_on_beside_flushes()
    {
        var (_, system) = await HeldAsync();
        await system.FlushAsync(Batches.Put(1, 1, [.. Enumerable.Range(1, 2000).Select(i => Batches.Object(i))]), Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var finding = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                Assert.NotNull(await system.FindAsync(7, Token));
        }, Token);
        for (var version = 2; version < 12; version++)
        {
            var flush = system.FlushAsync(Batches.Put(1, version, [.. Enumerable.Range(1, 2000).Select(i => Batches.Object(i, version: version))]), Token);

            // A load sees one commit, never a part of a flush.
            Assert.Single((await LoadAsync(system)).Select(o => o.Version).Distinct());
            await flush;
        }

        await stop.CancelAsync();
        await finding;
    }
}
