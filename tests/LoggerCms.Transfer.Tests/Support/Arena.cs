using LoggerCms.Core.StateTransfer;
using LoggerCms.Databases.Sqlite;

namespace LoggerCms.Transfer.Tests.Support;

/// <summary>Two SQLite sides, an engine with a home of its own, a temp folder: everything a transfer touches, gone afterwards.</summary>
internal sealed class Arena : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-transfer-").FullName;

    /// <param name="schema">Statements that both sides begin with.</param>
    /// <param name="wal">Whether the sides use a write-ahead log, under which readers and writers do not wait for each other.</param>
    public Arena(IEnumerable<string> schema, bool wal = true)
    {
        Home = Directory.CreateDirectory(At("home")).FullName;
        Temp = Directory.CreateDirectory(At("temp")).FullName;
        Source = SqliteFile.Create(At("a.db"), wal, [.. schema]);
        Destination = SqliteFile.Create(At("b.db"), wal, [.. schema]);
        Engine = NewEngine();
    }

    public SqliteFile Source { get; }

    public SqliteFile Destination { get; }

    public string Home { get; }

    public string Temp { get; }

    public SideEngine Engine { get; }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public SideConnection A => new(SideProvider.Sqlite, Source.Path, name: "A");

    public SideConnection B => new(SideProvider.Sqlite, Destination.Path, name: "B");

    /// <summary>Transfer files that nobody named: what is neither a record nor a trace of the home folder, and anything in the temp folder or beside the databases.</summary>
    public string[] Leftovers =>
    [
        .. Names(Temp),
        .. Names(Path.Combine(Home, "transfers")).Where(n => Path.GetExtension(n) is not (".json" or ".trace")),
        .. Directory.GetFiles(_folder).Select(f => Path.GetFileName(f)).Where(n => n.Contains("loggercms", StringComparison.Ordinal)),
    ];

    public StateTransferRequest Request => new() { Source = A, Destination = B, TempPath = Temp, LockTimeout = TimeSpan.FromSeconds(5) };

    public string At(string name) => Path.Combine(_folder, name);

    public SideEngine NewEngine(TimeProvider? time = null, ISideDriver? driver = null)
        => new([driver ?? new SqliteSideDriver()], time ?? TimeProvider.System, new TransferStore(time ?? TimeProvider.System, Home));

    public TransferStore NewStore() => new(TimeProvider.System, Home);

    /// <summary>Whether the driver lets SQLite compare two files by itself.</summary>
    public static async Task<bool> CanPairAsync()
    {
        using var arena = new Arena([]);
        await using var side = await new SqliteSideDriver().OpenAsync(arena.A, Token);
        return side is IPairableSide;
    }

    public StateTransferRequest With(StateTransferMode mode, SpoolMode spool = SpoolMode.File, VerifyLevel? verify = null)
        => Request with { Mode = mode, Spool = spool, TempPath = spool == SpoolMode.None ? null : Temp, Verify = verify };

    public Task<StateTransferResult> TransferAsync(StateTransferRequest? request = null, IProgress<TransferProgress>? progress = null)
        => Engine.TransferAsync(request ?? Request, progress, Token);

    public async Task<LoggerCmsException> FailsAsync(string code, StateTransferRequest? request = null)
        => await ThrowsAsync(code, () => TransferAsync(request));

    public static async Task<LoggerCmsException> ThrowsAsync(string code, Func<Task> work)
    {
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(work);
        Assert.True(code == failure.Code, $"{failure.Code} in place of {code}: {failure}");
        Assert.NotEmpty(failure.Remedy);
        return failure;
    }

    public Task<StateTransferResult> UndoAsync(Guid id, bool force = false)
        => Engine.UndoAsync(new UndoRequest { Id = id, Force = force, LockTimeout = TimeSpan.FromSeconds(5) }, null, Token);

    public Task<StateTransferResult> ResumeAsync(Guid id, bool force = false)
        => Engine.ResumeAsync(new ResumeRequest { Id = id, Force = force, LockTimeout = TimeSpan.FromSeconds(5) }, null, Token);

    public Task<SideComparison> CompareAsync()
        => Engine.CompareAsync(new ComparisonRequest { Source = A, Destination = B }, null, null, Token);

    /// <summary>Equal by the engine, and equal by a dump that owes nothing to it.</summary>
    public async Task AssertEqualSidesAsync()
    {
        Assert.Equal(Source.Dump(), Destination.Dump());
        Assert.True((await CompareAsync()).Equal);
    }

    public void AssertNothingLeft() => Assert.Empty(Leftovers);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string[] Names(string folder)
        => Directory.Exists(folder) ? [.. Directory.GetFileSystemEntries(folder).Select(f => Path.GetFileName(f))] : [];
}
