using LoggerCms.Databases.Tests.Makes;

namespace LoggerCms.Databases.Tests.Contract;

/// <summary>What every driver owes its callers. One class a make runs all of it; each file holds one aspect.</summary>
public abstract partial class SideDriverContract(TestMake make) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _owned = [];

    protected TestMake Make { get; } = make;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

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

    /// <summary>A new database with these statements run in it.</summary>
    protected async Task<TestDatabase> NewAsync(params string[] statements)
    {
        var database = Own(await Make.CreateDatabaseAsync());
        if (statements.Length > 0)
            await database.ExecuteAsync(statements);
        return database;
    }

    protected async Task<ISide> OpenAsync(TestDatabase database) => Own(await Make.Driver.OpenAsync(database.Connection, Token));

    protected T Own<T>(T resource)
        where T : IAsyncDisposable
    {
        _owned.Add(resource);
        return resource;
    }

    protected string Q(string name) => Make.Quote(name);

    protected string T(LogicalKind kind)
    {
        Assert.SkipWhen(Make.TypeOf(kind) is null, $"{Make.Provider} has no declared type for {kind}.");
        return Make.TypeOf(kind)!;
    }

    /// <summary>The statement for the table most tests use: an integer key <c>id</c> and a text <c>v</c>.</summary>
    protected string ItemTable(string name = "item") => $"CREATE TABLE {name} (id {T(LogicalKind.Integer)} NOT NULL PRIMARY KEY, v {T(LogicalKind.Text)})";

    protected string Item(long id, string value, string table = "item") => $"INSERT INTO {table} (id, v) VALUES ({id}, {Make.Text(value)})";
}
