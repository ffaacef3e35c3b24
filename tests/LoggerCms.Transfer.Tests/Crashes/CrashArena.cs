using LoggerCms.Core.StateTransfer;
using LoggerCms.CrashableFiles;
using LoggerCms.Databases.Sqlite;

namespace LoggerCms.Transfer.Tests.Crashes;

/// <summary>What is under way when something goes wrong.</summary>
public enum Scenario
{
    RowsWithSpool,
    FullWithSpool,
    FullStreamed,
    NotConfirmed,
    AlreadyLevel,
    Resume,
    Undo,
}

/// <summary>
/// A transfer whose files are on a disk that can crash, between real SQLite sides. When the power goes, the destination is taken as it is at
/// that moment; <see cref="Restart"/> puts it back and gives the engine that a new process would have.
/// </summary>
internal sealed class CrashArena : IDisposable
{
    private static readonly string[] Parts = [string.Empty, "-journal"];

    private readonly CrashSides _sides;
    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-crash-").FullName;
    private CrashableDisk _disk;

    public CrashArena(CrashSides sides, int seed)
    {
        _sides = sides;

        // The probe of the temp folder and the look for free space go to the machine itself.
        Directory.CreateDirectory(Path.Combine(Home, "transfers"));
        Directory.CreateDirectory(Temp);
        File.Copy(sides.Stale, Destination.Path);
        _disk = new CrashableDisk(seed) { PowerGoes = KeepDestination };
        _disk.HasFolder(_folder);
        _disk.HasFolder(Temp);
        Engine = NewEngine();
    }

    public CrashableDisk Disk => _disk;

    public SideEngine Engine { get; private set; }

    public SqliteFile Destination => new(Path.Combine(_folder, "b.db"));

    public string Before => _sides.Before;

    public string After => _sides.After;

    private string Home => Path.Combine(_folder, "home");

    private string Temp => Path.Combine(_folder, "temp");

    public StateTransferRequest Request(StateTransferMode mode, SpoolMode spool) => new()
    {
        Source = new SideConnection(SideProvider.Sqlite, _sides.Source),
        Destination = new SideConnection(SideProvider.Sqlite, Destination.Path),
        Mode = mode,
        Spool = spool,
        TempPath = spool == SpoolMode.None ? null : Temp,
        LockTimeout = TimeSpan.FromSeconds(5),
    };

    public Task<StateTransferResult> TransferAsync(StateTransferRequest request)
        => Engine.TransferAsync(request, null, Arena.Token);

    public Task<StateTransferResult> ResumeAsync(Guid id)
        => Engine.ResumeAsync(new ResumeRequest { Id = id, LockTimeout = TimeSpan.FromSeconds(5) }, null, Arena.Token);

    public Task<StateTransferResult> UndoAsync(Guid id)
        => Engine.UndoAsync(new UndoRequest { Id = id, LockTimeout = TimeSpan.FromSeconds(5) }, null, Arena.Token);

    /// <summary>Does what comes before a scenario, and gives the call that it is about.</summary>
    public async Task<Func<Task<StateTransferResult>>> PrepareAsync(Scenario scenario)
    {
        switch (scenario)
        {
            case Scenario.RowsWithSpool:
                return () => TransferAsync(Request(StateTransferMode.Rows, SpoolMode.File));
            case Scenario.FullWithSpool:
                return () => TransferAsync(Request(StateTransferMode.Full, SpoolMode.File));
            case Scenario.FullStreamed:
                return () => TransferAsync(Request(StateTransferMode.Full, SpoolMode.None));
            case Scenario.NotConfirmed:
                return () => TransferAsync(Request(StateTransferMode.Rows, SpoolMode.File) with { Confirm = _ => ValueTask.FromResult(false) });
            case Scenario.AlreadyLevel:
                File.Copy(_sides.Source, Destination.Path, overwrite: true);
                return () => TransferAsync(Request(StateTransferMode.Rows, SpoolMode.File));
            case Scenario.Resume:
                var spooled = await LeaveSpoolAsync();
                return () => ResumeAsync(spooled);
            case Scenario.Undo:
                var done = await TransferAsync(Request(StateTransferMode.Rows, SpoolMode.None));
                return () => UndoAsync(done.Id);
            default:
                throw new ArgumentOutOfRangeException(nameof(scenario));
        }
    }

    public bool HasCommitted(Guid id)
        => Destination.Scalar("SELECT count(*) FROM sqlite_master WHERE name = 'loggercms_transfer'") > 0
            && Destination.Scalar($"SELECT count(*) FROM loggercms_transfer WHERE replace(lower(id), '-', '') = '{id:N}'") > 0;

    /// <summary>The machine is on again: what survived of the files and of the destination, and a new engine.</summary>
    public void Restart()
    {
        foreach (var part in Parts)
        {
            File.Delete(Destination.Path + part);
            if (File.Exists(Kept + part))
                File.Move(Kept + part, Destination.Path + part);
        }

        _disk = _disk.Survivor!;
        Engine = NewEngine();
    }

    /// <summary>Another process on the machine that was never off.</summary>
    public void RestartEngine() => Engine = NewEngine();

    /// <summary>An undo file is read whole, as an undo would.</summary>
    public void CheckUndoFile(Guid id)
    {
        using var file = ChangeFileReader.Open(_disk, Store().UndoPath(id), undo: true, CancellationToken.None);
        Assert.Equal(id, file.Header.Id);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Kept => Path.Combine(_folder, "kept.db");

    private TransferStore Store() => new(new ManualTime(), Home, _disk);

    private SideEngine NewEngine() => new([new SqliteSideDriver()], new ManualTime(), Store());

    /// <summary>A transfer that is cancelled once its spool is complete.</summary>
    private async Task<Guid> LeaveSpoolAsync()
    {
        using var stop = new CancellationTokenSource();
        var progress = new Told(p =>
        {
            if (p.Phase == StateTransferPhase.Verify)
                stop.Cancel();
        });
        var result = await Engine.TransferAsync(Request(StateTransferMode.Rows, SpoolMode.File), progress, stop.Token);
        Assert.NotNull(result.SpoolPath);
        return result.Id;
    }

    private void KeepDestination()
    {
        foreach (var part in Parts.Where(p => File.Exists(Destination.Path + p)))
            File.Copy(Destination.Path + part, Kept + part);
    }
}

/// <summary>Two SQLite sides that many crashes begin from, the destination stale; large enough that spool and undo file take several writes.</summary>
public sealed class CrashSides : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-crash-sides-").FullName;

    public CrashSides()
    {
        string[] schema =
        [
            "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, data BLOB)",
            "CREATE TABLE line (text TEXT, number REAL)",
        ];
        SqliteFile.Create(Source, wal: false, schema).Run(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6) INSERT INTO item SELECT i, 'item ' || i, randomblob(100000 + i) FROM n",
            "INSERT INTO line VALUES ('one', 1), ('two', 2), ('two', 2)");
        File.Copy(Source, Stale);
        new SqliteFile(Stale).Run(
            "UPDATE item SET data = randomblob(90000 + id), name = name || ' stale' WHERE id < 6",
            "DELETE FROM item WHERE id = 6",
            "INSERT INTO item VALUES (100, 'only here', randomblob(100000))",
            "DELETE FROM line WHERE text = 'one'");
        Before = new SqliteFile(Stale).Dump();
        After = new SqliteFile(Source).Dump();
    }

    internal string Source => Path.Combine(_folder, "a.db");

    internal string Stale => Path.Combine(_folder, "stale.db");

    internal string Before { get; }

    internal string After { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
