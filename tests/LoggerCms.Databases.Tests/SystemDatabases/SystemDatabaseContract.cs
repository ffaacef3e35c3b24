using LoggerCms.Core.RunTimeImage;
using LoggerCms.Databases.Tests.Makes;

namespace LoggerCms.Databases.Tests.SystemDatabases;

/// <summary>What a system database owes its node. One class a make runs all of it; each file holds one aspect.</summary>
public abstract partial class SystemDatabaseContract(TestMake make) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _owned = [];

    protected static Guid NodeA { get; } = new("aaaaaaaa-0000-4000-8000-000000000001");

    protected static Guid NodeB { get; } = new("bbbbbbbb-0000-4000-8000-000000000002");

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected TestMake Make { get; } = make;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Make.Missing is not null, Make.Missing ?? string.Empty);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
            await _owned[i].DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<TestDatabase> NewAsync() => Own(await Make.CreateDatabaseAsync());

    internal ISystemDatabase Open(TestDatabase database) => Own(SystemDatabaseFactory.Open(database.Connection));

    /// <summary>A prepared database whose lease node A holds with epoch 1.</summary>
    internal async Task<(TestDatabase Database, ISystemDatabase System)> HeldAsync()
    {
        var database = await NewAsync();
        var system = Open(database);
        await system.PrepareAsync(Token);
        await system.TakeLeaseAsync(NodeA, "node-a", takeOver: false, usedEpoch: 0, Token);
        return (database, system);
    }

    internal static async Task<List<CmsObject>> LoadAsync(ISystemDatabase system)
    {
        var all = new List<CmsObject>();
        await system.LoadAsync(
            o =>
            {
                lock (all)
                    all.Add(o);
            },
            Token);
        all.Sort((a, b) => a.Id.CompareTo(b.Id));
        return all;
    }

    internal static async Task<List<LocalEntry>> LoadLocalAsync(ISystemDatabase system, LocalClass localClass)
    {
        var all = new List<LocalEntry>();
        await system.LoadLocalAsync(localClass, all.Add, Token);
        all.Sort((a, b) => a.Key.Id.CompareTo(b.Key.Id));
        return all;
    }

    protected T Own<T>(T resource)
        where T : IAsyncDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
