namespace LoggerCms.Transfer.Tests.Support;

/// <summary>Two sides of one make, for tests of what every make has to do alike.</summary>
internal sealed class TwoSides : IAsyncDisposable
{
    private readonly Arena? _sqlite;
    private readonly ServerArena? _server;

    private TwoSides(Arena? sqlite, ServerArena? server)
    {
        _sqlite = sqlite;
        _server = server;
    }

    public SideConnection A => _sqlite?.A ?? _server!.A;

    public SideConnection B => _sqlite?.B ?? _server!.B;

    public SideEngine Engine => _sqlite?.Engine ?? _server!.Engine;

    /// <param name="make">Which make.</param>
    /// <param name="both">Statements that both sides begin with.</param>
    public static async Task<TwoSides> CreateAsync(SideProvider make, params string[] both)
        => make switch
        {
            SideProvider.Sqlite => new TwoSides(new Arena(both), null),
            SideProvider.PostgreSql => new TwoSides(null, await PgArena.CreateAsync(both)),
            _ => new TwoSides(null, await SqlServerArena.CreateAsync(both)),
        };

    public async Task RunAsync(SideConnection side, params string[] statements)
    {
        var first = side.Name == "A";
        if (_sqlite is not null)
            (first ? _sqlite.Source : _sqlite.Destination).Run(statements);
        else
            await (first ? _server!.RunAAsync(statements) : _server!.RunBAsync(statements));
    }

    public async Task EnableAsync(SideConnection side, params string[] tables)
        => await Engine.EnableLogAsync(new EnableLogRequest { Side = side, SideName = side.Name!, Table = tables }, Arena.Token);

    public async Task EnableBothAsync(params string[] tables)
    {
        await EnableAsync(A, tables);
        await EnableAsync(B, tables);
    }

    public Task<StateTransferResult> TransferAsync(
        SideConnection? from = null, StateTransferMode mode = StateTransferMode.Auto, string[]? tables = null, string? profile = null, bool force = false)
    {
        var source = from ?? A;
        return Engine.TransferAsync(
            (_sqlite?.Request ?? _server!.Request) with
            {
                Source = source,
                Destination = source.Name == "A" ? B : A,
                Mode = mode,
                Table = tables ?? [],
                ProfilePath = profile,
                Force = force,
            },
            null,
            Arena.Token);
    }

    public Task<StateTransferResult> UndoAsync(Guid id) => Engine.UndoAsync(new UndoRequest { Id = id, Destination = B }, null, Arena.Token);

    /// <summary>Transfers until the log can serve; both sides then know each other's position.</summary>
    public Task LevelAsync(params string[] tables) => LevelAsync(A, tables);

    public async Task LevelAsync(SideConnection from, params string[] tables)
    {
        await TransferAsync(from, tables: tables);
        Assert.Equal((StateTransferStatus.NothingToSend, StateTransferMode.Log), Seen(await TransferAsync(from, tables: tables)));
    }

    /// <summary>A transfer that must end with equal tables, by whatever mode.</summary>
    public async Task<StateTransferResult> TransferToEqualAsync(string[] tables, SideConnection? from = null)
    {
        var result = await TransferAsync(from);
        await AssertEqualAsync(result, tables);
        return result;
    }

    public async Task AssertEqualAsync(StateTransferResult result, params string[] tables)
    {
        var (a, b) = (await DumpAsync(A, tables), await DumpAsync(B, tables));
        Assert.True(a == b, $"{result.Status} by {result.Mode} ({result.ModeReason}):\n{a}\nand\n{b}");
    }

    /// <summary>Every row of the tables, exact, in one order.</summary>
    public async Task<string> DumpAsync(SideConnection side, params string[] tables)
    {
        var first = side.Name == "A";
        return _sqlite is not null
            ? (first ? _sqlite.Source : _sqlite.Destination).Dump(tables.Contains)
            : await _server!.DumpAsync(first ? "_a" : "_b", tables);
    }

    public static (StateTransferStatus Status, StateTransferMode Mode) Seen(StateTransferResult result) => (result.Status, result.Mode);

    public async ValueTask DisposeAsync()
    {
        _sqlite?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
    }
}
