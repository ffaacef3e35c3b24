using System.Data.Common;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Transfer.Tests.Support;

/// <summary>Two databases of one server, an engine with a home of its own, a temp folder; all gone afterwards.</summary>
internal abstract class ServerArena(string kind) : IAsyncDisposable
{
    private static readonly string[] Sides = ["_a", "_b"];

    private readonly string _name = $"loggercms_{kind}{Guid.NewGuid():n}"[..(11 + 16)];

    public string Folder { get; } = Directory.CreateTempSubdirectory("loggercms-transfer-server-").FullName;

    public SideConnection A => Side(_name + "_a", "A");

    public SideConnection B => Side(_name + "_b", "B");

    public SideEngine Engine => new(Drivers, TimeProvider.System, new TransferStore(TimeProvider.System, Folder));

    public virtual StateTransferRequest Request => new() { Source = A, Destination = B, TempPath = Folder, LockTimeout = TimeSpan.FromSeconds(5) };

    protected abstract IReadOnlyList<ISideDriver> Drivers { get; }

    /// <summary>The database from which others are made.</summary>
    protected abstract string Maintenance { get; }

    /// <summary>Every row of the tables, exact to the bit, in one order.</summary>
    public async Task<string> DumpAsync(string side, params string[] tables)
    {
        var lines = new List<string>();
        await using var connection = await ConnectAsync(_name + side);
        foreach (var table in tables)
            lines.AddRange((await ReadAsync(connection, table)).Select(row => $"{table} {row}"));
        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    public async Task AssertEqualSidesAsync(params string[] tables) => Assert.Equal(await DumpAsync("_a", tables), await DumpAsync("_b", tables));

    public Task RunAAsync(params string[] statements) => ExecuteAsync(_name + "_a", statements);

    public Task RunBAsync(params string[] statements) => ExecuteAsync(_name + "_b", statements);

    public Task<DbConnection> OpenBAsync() => ConnectAsync(_name + "_b");

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        foreach (var side in Sides)
            await DropAsync(_name + side);
        GC.SuppressFinalize(this);
    }

    /// <param name="both">Statements that both databases begin with.</param>
    protected async Task MakeAsync(string[] both)
    {
        foreach (var side in Sides)
        {
            await MakeAsync(_name + side);
            await ExecuteAsync(_name + side, both);
        }
    }

    protected string DatabaseOf(string side) => _name + side;

    protected abstract Task MakeAsync(string database);

    protected abstract Task DropAsync(string database);

    protected abstract SideConnection Side(string database, string name);

    protected abstract Task<DbConnection> ConnectAsync(string database);

    protected abstract Task<IReadOnlyList<string>> ReadAsync(DbConnection connection, string table);

    protected Task MaintainAsync(string statement) => ExecuteAsync(Maintenance, statement);

    private async Task ExecuteAsync(string database, params string[] statements)
    {
        await using var connection = await ConnectAsync(database);
        foreach (var statement in statements)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = statement;
            command.CommandTimeout = 0;
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }
}
