using LoggerCms.Databases.Tests.Makes;

namespace LoggerCms.Databases.Tests.PostgreSql;

/// <summary>Databases on the real server for what only PostgreSQL has.</summary>
public abstract class PostgreSqlTest : IAsyncLifetime
{
    private readonly PostgreSqlMake _make = new();
    private readonly List<IAsyncDisposable> _owned = [];

    protected static TimeSpan Week { get; } = TimeSpan.FromDays(7);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(_make.Missing is not null, _make.Missing ?? string.Empty);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
            await _owned[i].DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected async Task<TestDatabase> NewAsync(params string[] statements)
    {
        var database = Own(await _make.CreateDatabaseAsync());
        await database.ExecuteAsync(statements);
        return database;
    }

    protected async Task<ISide> OpenAsync(SideConnection connection) => Own(await _make.Driver.OpenAsync(connection, Token));

    protected Task<ISide> OpenAsync(TestDatabase database) => OpenAsync(database.Connection);

    protected T Own<T>(T resource)
        where T : IAsyncDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
