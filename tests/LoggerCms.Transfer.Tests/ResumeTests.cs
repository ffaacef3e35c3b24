using System.Text.Json;
using System.Text.Json.Nodes;
using LoggerCms.Core.Files;

namespace LoggerCms.Transfer.Tests;

/// <summary>A complete spool outlives a failed apply, and is enough.</summary>
public sealed class ResumeTests
{
    public static TheoryData<StateTransferMode> Modes() => [StateTransferMode.Rows, StateTransferMode.Full];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_resume_applies_the_spool_without_the_source(StateTransferMode mode)
    {
        using var arena = Filled();
        var before = arena.Destination.Dump();
        var id = await FailInApplyAsync(arena, mode);
        Assert.Equal(before, arena.Destination.Dump());
        var source = arena.Source.Dump();
        File.Move(arena.Source.Path, arena.At("away.db"));

        var result = await arena.ResumeAsync(id);

        Assert.Equal((StateTransferStatus.Completed, id), (result.Status, result.Id));
        Assert.Equal(VerifyLevel.ChangedRows, result.Verified);
        Assert.Null(result.Equal);
        Assert.Contains(result.Notes, n => n.Contains("position", StringComparison.Ordinal));
        Assert.Equal(source, arena.Destination.Dump());
        Assert.Equal(Path.GetFileName(result.UndoPath), Assert.Single(arena.Leftovers));
        await arena.UndoAsync(id);
        Assert.Equal(before, arena.Destination.Dump());
        await Arena.ThrowsAsync(ErrorCodes.TransferNotResumable, () => arena.ResumeAsync(id));
    }

    [Fact]
    public async Task A_resume_refuses_a_destination_that_was_changed_since_and_force_overwrites_it()
    {
        using var arena = Filled();
        var id = await FailInApplyAsync(arena, StateTransferMode.Rows);
        arena.Destination.Run("UPDATE word SET meaning = 'meanwhile' WHERE word = 'word5'");
        var meanwhile = arena.Destination.Dump();

        await Arena.ThrowsAsync(ErrorCodes.DestinationChanged, () => arena.ResumeAsync(id));

        Assert.Equal(meanwhile, arena.Destination.Dump());
        var result = await arena.ResumeAsync(id, force: true);
        await arena.AssertEqualSidesAsync();
        await arena.UndoAsync(result.Id);
        Assert.Equal(meanwhile, arena.Destination.Dump());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_resume_of_what_another_transfer_has_overtaken_is_refused_and_with_force_undone_before_that_one(StateTransferMode mode)
    {
        using var arena = Filled();
        var id = await FailInApplyAsync(arena, mode);
        arena.Source.Run("UPDATE word SET meaning = 'newer' WHERE word = 'word5'");
        var newer = await arena.TransferAsync(arena.With(mode));
        var now = arena.Destination.Dump();

        var failure = await Arena.ThrowsAsync(ErrorCodes.DestinationChanged, () => arena.ResumeAsync(id));

        Assert.Contains(newer.Id.ToString(), failure.Message, StringComparison.Ordinal);
        Assert.Equal(now, arena.Destination.Dump());
        await arena.ResumeAsync(id, force: true);
        Assert.NotEqual(now, arena.Destination.Dump());
        await Arena.ThrowsAsync(ErrorCodes.UndoNotLast, () => arena.UndoAsync(newer.Id));
        await arena.UndoAsync(id);
        Assert.Equal(now, arena.Destination.Dump());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tables_in_a_spool_do_not_replace_what_a_transfer_from_elsewhere_has_brought_since(bool wasUndone)
    {
        using var arena = Filled();
        var id = await FailInApplyAsync(arena, StateTransferMode.Full);
        arena.Source.Run("UPDATE word SET meaning = 'newer' WHERE word = 'word5'");
        var elsewhere = new SideEngine(
            [new Databases.Sqlite.SqliteSideDriver()], TimeProvider.System, new Core.StateTransfer.TransferStore(TimeProvider.System, arena.At("elsewhere")));
        var newer = await elsewhere.TransferAsync(arena.With(StateTransferMode.Rows), null, Arena.Token);
        if (wasUndone)
            await elsewhere.UndoAsync(new UndoRequest { Id = newer.Id }, null, Arena.Token);
        var now = arena.Destination.Dump();

        await Arena.ThrowsAsync(ErrorCodes.DestinationChanged, () => arena.ResumeAsync(id));

        Assert.Equal(now, arena.Destination.Dump());
        Assert.Equal(StateTransferStatus.Completed, (await arena.ResumeAsync(id, force: true)).Status);
    }

    [Fact]
    public async Task A_transfer_that_was_undone_does_not_stop_the_resume_of_one_that_was_prepared_before()
    {
        using var arena = Filled();
        var id = await FailInApplyAsync(arena, StateTransferMode.Full);
        await arena.UndoAsync((await arena.TransferAsync(arena.With(StateTransferMode.Rows))).Id);

        Assert.Equal(StateTransferStatus.Completed, (await arena.ResumeAsync(id)).Status);
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task A_resume_and_an_undo_go_by_the_profile_as_it_was()
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, r TEXT, v INT, own TEXT)"]);
        arena.Source.Run("INSERT INTO t VALUES (1, 'EU', 1, 's'), (2, 'EU', 2, 's')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'EU', 0, 'd'), (3, 'US', 3, 'd')");
        var profile = arena.At("profile.json");
        await File.WriteAllTextAsync(profile, """{"columns":{"t":["own"]},"rowFilters":{"t":"r = 'EU'"}}""", Arena.Token);
        var id = await FailInApplyAsync(arena, arena.With(StateTransferMode.Rows) with { ProfilePath = profile });

        await File.WriteAllTextAsync(profile, "{}", Arena.Token);
        await arena.ResumeAsync(id);
        Assert.Equal(["1 1 d", "2 2 ", "3 3 d"], Rows());
        File.Delete(profile);
        await arena.UndoAsync(id);
        Assert.Equal(["1 0 d", "3 3 d"], Rows());

        List<string> Rows()
        {
            using var connection = arena.Destination.Open();
            return SqliteFile.List(connection, "SELECT id || ' ' || v || ' ' || coalesce(own, '') FROM t ORDER BY id");
        }
    }

    [Fact]
    public async Task A_damaged_spool_is_refused_by_type_and_nothing_of_it_is_applied()
    {
        using var arena = Filled();
        var before = arena.Destination.Dump();
        var id = await FailInApplyAsync(arena, StateTransferMode.Rows);
        var path = Assert.Single(arena.Engine.GetTransferFiles(), f => f.Kind == "Spool").Path;
        var whole = await File.ReadAllBytesAsync(path, Arena.Token);
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 25; i++)
        {
            var damaged = i % 2 == 0 ? (byte[])whole.Clone() : whole[..random.Next(whole.Length)];
            if (i % 2 == 0)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(path, damaged, Arena.Token);

            var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => arena.ResumeAsync(id));

            Assert.True(failure.Code is ErrorCodes.SpoolDamaged or ErrorCodes.FormatNotSupported, $"seed {seed}, case {i}: {failure}");
        }

        Assert.Equal(before, arena.Destination.Dump());
        await File.WriteAllBytesAsync(path, whole, Arena.Token);
        await arena.ResumeAsync(id);
        await arena.AssertEqualSidesAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_killed_process_left_of_an_apply_does_not_stop_its_resume(bool undoWasComplete)
    {
        using var arena = Filled();
        var before = arena.Destination.Dump();
        var id = await FailInApplyAsync(arena, StateTransferMode.Rows);
        MakeInterrupted(arena, id);
        var undo = arena.NewStore().UndoPath(id);
        await File.WriteAllBytesAsync(undo + (undoWasComplete ? string.Empty : FileLayerExtensions.PartialSuffix), new byte[100], Arena.Token);
        var interrupted = Assert.Single(arena.Engine.GetTransfers(id));
        Assert.Equal(StateTransferStatus.Interrupted, interrupted.Status);
        Assert.StartsWith($"Resume-StateTransfer -Id {id} ", interrupted.Remedy, StringComparison.Ordinal);
        Assert.Contains(arena.Engine.GetTransferFiles(), f => f.Id == id && f.Kind == (undoWasComplete ? "Undo" : "Partial"));

        var result = await arena.ResumeAsync(id);

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Null(result.Equal);
        await arena.AssertEqualSidesAsync();
        await arena.UndoAsync(id);
        Assert.Equal(before, arena.Destination.Dump());
    }

    [Fact]
    public async Task A_killed_process_that_had_committed_is_settled_and_never_applied_again()
    {
        using var arena = Filled();
        var done = await arena.TransferAsync(arena.With(StateTransferMode.Rows));
        MakeInterrupted(arena, done.Id);
        arena.Destination.Run("UPDATE word SET meaning = 'later' WHERE word = 'word9'");

        var settled = await arena.Engine.SettleAsync(done.Id, null, Arena.Token);

        Assert.Equal(StateTransferStatus.Completed, settled.Status);
        Assert.Equal(done.UndoPath, settled.UndoPath);
        Assert.True(File.Exists(done.UndoPath));
        Assert.Equal(1, arena.Destination.Count("word WHERE meaning = 'later'"));
    }

    [Fact]
    public async Task A_killed_process_that_had_not_committed_is_settled_as_failed_and_leaves_nothing()
    {
        using var arena = Filled();
        var done = await arena.TransferAsync(arena.With(StateTransferMode.Rows, SpoolMode.None));
        MakeInterrupted(arena, done.Id);
        arena.Destination.Run("DELETE FROM loggercms_transfer");
        Assert.StartsWith($"Get-StateTransfer -Id {done.Id} -Settle ", Assert.Single(arena.Engine.GetTransfers(done.Id)).Remedy, StringComparison.Ordinal);

        var settled = await arena.Engine.SettleAsync(done.Id, null, Arena.Token);

        Assert.Equal(StateTransferStatus.Failed, settled.Status);
        Assert.Contains("Start-StateTransfer", settled.Remedy, StringComparison.Ordinal);
        Assert.Null(settled.Equal);
        arena.AssertNothingLeft();
    }

    [Fact]
    public async Task A_record_that_is_removed_takes_its_spool_with_it()
    {
        using var arena = Filled();
        var id = await FailInApplyAsync(arena, StateTransferMode.Rows);
        var files = arena.Engine.GetTransferFiles();
        Assert.Equal(["Record", "Spool", "Trace"], files.Select(f => f.Kind).Order());

        foreach (var file in files.OrderBy(f => f.Kind))
            arena.Engine.RemoveTransferFile(file);

        Assert.Empty(arena.Engine.GetTransfers(null));
        arena.AssertNothingLeft();
    }

    private static Arena Filled()
    {
        var arena = new Arena(Data.Schema);
        Data.Fill(arena.Source, seed: 50, rows: 30);
        Data.Fill(arena.Destination, seed: 50, rows: 30);
        Data.Damage(arena.Destination);
        return arena;
    }

    private static Task<Guid> FailInApplyAsync(Arena arena, StateTransferMode mode) => FailInApplyAsync(arena, arena.With(mode));

    private static async Task<Guid> FailInApplyAsync(Arena arena, StateTransferRequest request)
    {
        using var stop = new CancellationTokenSource();
        var progress = new Told(p =>
        {
            if (p.Phase == StateTransferPhase.Verify)
                stop.Cancel();
        });
        var result = await arena.Engine.TransferAsync(request, progress, stop.Token);
        Assert.Equal(StateTransferStatus.Cancelled, result.Status);
        Assert.NotNull(result.SpoolPath);
        return result.Id;
    }

    /// <summary>The record as a process leaves it that was killed between its last note and its end.</summary>
    private static void MakeInterrupted(Arena arena, Guid id)
    {
        var path = Path.Combine(arena.Home, "transfers", $"{id:N}.json");
        var record = JsonNode.Parse(File.ReadAllText(path))!;
        record["Result"]!["Status"] = "Running";
        record["Result"]!["Equal"] = true;
        record["ProcessStart"] = JsonSerializer.SerializeToNode(DateTimeOffset.UnixEpoch);
        File.WriteAllText(path, record.ToJsonString());
    }
}
