using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Transfer.Tests;

/// <summary>Durable records: found by another engine, readable by their owner, removable.</summary>
public sealed class RecordTests
{
    private static readonly string[] Table = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"];

    [Fact]
    public async Task Another_engine_finds_the_records_newest_first_as_they_were_returned()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        var first = await arena.TransferAsync();
        var second = await arena.TransferAsync();
        await arena.FailsAsync(ErrorCodes.TableNotFound, arena.Request with { Table = ["missing"] });

        var found = arena.NewEngine().GetTransfers(null);

        Assert.Equal([StateTransferStatus.Failed, StateTransferStatus.AlreadyInState, StateTransferStatus.Completed], found.Select(r => r.Status));
        Assert.Equal([second.Id, first.Id], found.Skip(1).Select(r => r.Id));
        Assert.Equal(ErrorCodes.TableNotFound, found[0].ErrorCode);
        Assert.NotEmpty(found[0].Remedy!);
        Assert.Equivalent(first, found[2]);
        var unknown = await Assert.ThrowsAsync<LoggerCmsException>(() => Task.FromResult(arena.Engine.GetTransfers(Guid.NewGuid())));
        Assert.Equal(ErrorCodes.TransferNotFound, unknown.Code);
    }

    [Fact]
    public async Task Every_file_that_a_transfer_makes_is_readable_by_its_owner_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'secret')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'old secret')");
        var seen = new List<string>();

        await arena.TransferAsync(arena.Request, new Told(_ => Look()));
        Look();

        Assert.Contains(seen, f => f.EndsWith(".partial", StringComparison.Ordinal));
        Assert.Contains(seen, f => f.EndsWith(".undo", StringComparison.Ordinal));
        Assert.Contains(seen, f => f.EndsWith(".json", StringComparison.Ordinal));

        void Look()
        {
            foreach (var file in Directory.GetFiles(arena.Temp).Concat(Directory.GetFiles(Path.Combine(arena.Home, "transfers"))))
            {
                seen.Add(file);
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, FileModes.Of(file));
            }

            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, FileModes.Of(Path.Combine(arena.Home, "transfers")));
        }
    }

    [Fact]
    public async Task Files_are_listed_with_size_and_expiry_and_can_be_removed_but_no_others_and_none_of_a_running_transfer()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        IReadOnlyList<TransferFile>? whileRunning = null;
        var result = await arena.TransferAsync(arena.Request with
        {
            Confirm = _ =>
            {
                whileRunning = arena.NewEngine().GetTransferFiles();
                return ValueTask.FromResult(true);
            },
        });
        Assert.Empty(whileRunning!);

        var files = arena.Engine.GetTransferFiles();

        Assert.Equal(["Record", "Trace", "Undo"], files.Select(f => f.Kind).Order(StringComparer.Ordinal));
        Assert.All(files, f => Assert.Equal((result.Id, new FileInfo(f.Path).Length), (f.Id, f.Size)));
        Assert.All(files, f => Assert.True(f.Expires > DateTimeOffset.UtcNow.AddDays(1)));
        var other = Assert.Throws<LoggerCmsException>(() => arena.Engine.RemoveTransferFile(files[0] with { Path = arena.Source.Path }));
        Assert.Equal(ErrorCodes.TransferNotFound, other.Code);
        Assert.True(File.Exists(arena.Source.Path));

        arena.Engine.RemoveTransferFile(files.Single(f => f.Kind == "Undo"));

        await Arena.ThrowsAsync(ErrorCodes.TransferNotFound, () => arena.UndoAsync(result.Id));
        arena.Engine.RemoveTransferFile(files.Single(f => f.Kind == "Record"));
        arena.Engine.RemoveTransferFile(files.Single(f => f.Kind == "Trace"));
        Assert.Empty(Directory.GetFiles(Path.Combine(arena.Home, "transfers")));
    }

    [Fact]
    public async Task No_record_and_no_trace_holds_a_password()
    {
        using var arena = new Arena(Table);
        var secret = new SideConnection("postgresql:Host=127.0.0.1;Port=1;Username=u;Password=hunter2;Database=d");
        await Assert.ThrowsAsync<LoggerCmsException>(() => arena.TransferAsync(arena.Request with { Destination = secret }));
        foreach (var file in Directory.GetFiles(Path.Combine(arena.Home, "transfers")))
            Assert.DoesNotContain("hunter2", await File.ReadAllTextAsync(file, Arena.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_throttle_waits_as_long_as_its_rate_asks_for()
    {
        var time = new ManualTime();
        var waits = new List<TimeSpan>();
        time.OnWait = due =>
        {
            waits.Add(due);
            ThreadPool.QueueUserWorkItem(_ => time.Advance(due));
        };
        var throttle = new Throttle(2, time);

        for (var i = 0; i < 4; i++)
            await throttle.WaitAsync(1_000_000, Arena.Token);

        Assert.Equal(TimeSpan.FromSeconds(2), time.Now);
        Assert.Equal(4, waits.Count);
        time.Advance(TimeSpan.FromSeconds(10));
        await throttle.WaitAsync(1_000_000, Arena.Token);
        Assert.Equal(4, waits.Count);
        await new Throttle(0, time).WaitAsync(long.MaxValue, Arena.Token);
    }

    [Fact]
    public async Task A_throttled_transfer_sends_the_same()
    {
        using var arena = new Arena(Data.Schema);
        Data.Fill(arena.Source, seed: 60);

        var result = await arena.TransferAsync(arena.With(StateTransferMode.Full, SpoolMode.None) with { ThrottleMBps = 50 });

        Assert.True(result.BytesSent > 0);
        await arena.AssertEqualSidesAsync();
    }
}
