using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases.Tests.Support;

namespace LoggerCms.Databases.Tests.SystemDatabases;

public abstract partial class SystemDatabaseContract
{
    [Fact]
    public async Task A_replaced_content_is_all_that_the_database_then_holds()
    {
        var (database, system) = await HeldAsync();
        var (kept, gone) = (Guid.NewGuid(), Guid.NewGuid());
        var request = new LocalEntry(new LocalKey(LocalClass.Request, gone), 10, [1]);
        var old = new LocalEntry(new LocalKey(LocalClass.Token, gone), 10, [2]);
        await system.ReserveAsync(1, 100, 200, Token);
        await system.FlushAsync(
            Batches.Put(1, 150, Batches.Object(1, "a", "ca"), Batches.Object(2, "b", "cb"), Batches.Object(3, "c", "cc")) with { PutLocal = [request, old] }, Token);

        // CUIDs move to other objects, and what is not in the content goes.
        var objects = new[] { Batches.Object(2, "b again", "ca"), Batches.Object(3, "c", "cb", version: 7), Batches.Object(9, "new", "cn", properties: [1, 2, 3]) };
        var token = new LocalEntry(new LocalKey(LocalClass.Token, kept), 30, [4]);
        var answer = new LocalEntry(new LocalKey(LocalClass.Request, kept), long.MaxValue, [5]);
        var content = Content(1, 1000, objects) with { Local = [token, answer] };
        await system.ReplaceAsync(content, Token);

        Assert.Equal(Batches.Show(objects), Batches.Show(await LoadAsync(system)));
        Assert.Equal(token.Key, Assert.Single(await LoadLocalAsync(system, LocalClass.Token)).Key);
        var told = Assert.Single(await LoadLocalAsync(system, LocalClass.Request));
        Assert.Equal((answer.Key, answer.ExpiresUs, 5), (told.Key, told.ExpiresUs, Assert.Single(told.Content)));
        var state = await Open(database).ReadStateAsync(Token);
        Assert.Equal((content.Identity, 100, 1000, 1000, 3), (state.Identity, state.ObjectIdEnd, state.UpdateKeyEnd, state.LastUpdateKey, state.Objects));
        Assert.Equal(new EpochEnd(1, NodeA, 1000), Assert.Single(state.Epochs));
        await system.FlushAsync(Batches.Put(1, 1001, Batches.Object(10)), Token);
        Assert.Equal(content.Identity, (await system.ReadStateAsync(Token)).Identity);
    }

    [Fact]
    public async Task A_replace_that_fails_leaves_everything_as_it_was()
    {
        var (_, system) = await HeldAsync();
        var before = new[] { Batches.Object(1, "a", "ca"), Batches.Object(2, "b", "cb") };
        var token = new LocalEntry(new LocalKey(LocalClass.Token, Guid.NewGuid()), 10, [2]);
        await system.FlushAsync(Batches.Put(1, 5, before) with { PutLocal = [token] }, Token);
        var state = await system.ReadStateAsync(Token);
        await Sides.FailsAsync(ErrorCodes.EpochLost, () => system.ReplaceAsync(Content(2, 9, Batches.Object(3)), Token));
        await Sides.FailsAsync(
            ErrorCodes.ConstraintViolated, () => system.ReplaceAsync(Content(1, 9, Batches.Object(3, "x", "same"), Batches.Object(4, "y", "same")), Token));
        await Assert.ThrowsAsync<InvalidDataException>(() => system.ReplaceAsync(Content(1, 9) with { Objects = Broken() }, Token));

        Assert.Equal(Batches.Show(before), Batches.Show(await LoadAsync(system)));
        Assert.Equal(token.Key, Assert.Single(await LoadLocalAsync(system, LocalClass.Token)).Key);
        var after = await system.ReadStateAsync(Token);
        Assert.Equal((state.Identity, state.LastUpdateKey, state.UpdateKeyEnd), (after.Identity, after.LastUpdateKey, after.UpdateKeyEnd));
        await system.FlushAsync(Batches.Put(1, 6, Batches.Object(3)), Token);

        static IEnumerable<CmsObject> Broken()
        {
            for (var i = 1; i < 12_000; i++)
                yield return Batches.Object(i);
            throw new InvalidDataException("The rest cannot be read.");
        }
    }

    private static SystemContent Content(long epoch, long lastKey, params IReadOnlyList<CmsObject> objects)
        => new() { Epoch = epoch, Identity = Guid.NewGuid(), LastUpdateKey = lastKey, Objects = objects, Local = [] };
}
