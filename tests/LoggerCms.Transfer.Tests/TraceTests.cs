using LoggerCms.Core.StateTransfer;
using LoggerCms.Core.Tracing;

namespace LoggerCms.Transfer.Tests;

/// <summary>Every transfer writes what it does, and what went wrong can be found in it.</summary>
public sealed class TraceTests
{
    private static readonly string[] Table = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"];
    private static readonly TraceTools Tools = new(TimeProvider.System);

    [Fact]
    public async Task A_transfer_tells_what_it_does_in_the_words_of_the_Logger_and_finds_no_fault()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");

        var result = await arena.TransferAsync();

        var lines = await ReadAsync(result.TracePath!);
        Assert.All(lines, line => Assert.NotNull(line.Time));
        Assert.All(lines, line => Assert.NotNull(line.UtcOffset));
        foreach (var words in new[] { $"State transfer {result.Id}: A sends, B receives", "PrepareToSendState", "Initiating state transfer RECEIVE operation.", "LastUpdateKey for A Configuration is none", "CleanupPreparedState", "has ended: Completed" })
            Assert.Contains(lines, line => line.Message.Contains(words, StringComparison.Ordinal));
        Assert.Equal(result.Phases.Count, lines.Count(line => result.Phases.Any(p => line.Message.StartsWith($"{p.Phase}: {p.Result}", StringComparison.Ordinal))));
        Assert.Empty(await FindAsync(result.TracePath!));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, FileModes.Of(result.TracePath!));
        Assert.Equal(result.TracePath, Assert.Single(arena.Engine.GetTransfers(result.Id)).TracePath);
    }

    [Fact]
    public async Task A_transfer_of_all_rows_tells_the_checksum_that_its_result_has()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x'), (2, 'y')");

        var result = await arena.TransferAsync(arena.With(StateTransferMode.Full, verify: VerifyLevel.AllRows));

        Assert.Contains(await ReadAsync(result.TracePath!), line => line.Message.StartsWith("Checksum config complete: Rows = 2, bytes = ", StringComparison.Ordinal)
            && line.Message.Contains($"checksum = {result.Checksum}, updateKey = none", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_undo_has_a_trace_of_its_own()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        var result = await arena.TransferAsync();

        var undo = await arena.UndoAsync(result.Id);

        Assert.NotEqual(result.TracePath, undo.TracePath);
        Assert.Contains(await ReadAsync(undo.TracePath!), line => line.Message.Contains($"undo of {result.Id} sends", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_temp_folder_that_does_not_work_is_found_in_the_trace_that_the_error_names()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        var missing = arena.At("nowhere");

        var failure = await arena.FailsAsync(ErrorCodes.TempFolderUnusable, arena.Request with { TempPath = missing });

        var fault = Assert.Single(await FindAsync(failure.TracePath!));
        Assert.Equal((FaultCauses.Missing, "PrepareToSend", FaultCertainty.Certain), (fault.Cause, fault.Phase, fault.Certainty));
        Assert.Equal(failure.Remedy, fault.Remedy);
        Assert.StartsWith($"Test-TempAccess -Path '{missing}' -Account '", fault.RemedyCommand, StringComparison.Ordinal);
        var record = Assert.Single(arena.Engine.GetTransfers(null));
        Assert.Equal(record.TracePath, failure.TracePath);
    }

    [Fact]
    public async Task A_transfer_that_went_on_without_a_spool_says_in_its_trace_why()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");

        var result = await arena.TransferAsync(arena.Request with { TempPath = arena.At("nowhere"), AllowStreaming = true });

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        var fault = Assert.Single(await FindAsync(result.TracePath!));
        Assert.Equal(FaultCauses.Missing, fault.Cause);
        Assert.Contains(arena.At("nowhere"), fault.RemedyCommand, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_other_failure_is_explained_by_its_code()
    {
        using var arena = new Arena(Table);
        arena.Destination.Run("CREATE TABLE more (id INTEGER PRIMARY KEY)");

        var failure = await arena.FailsAsync(ErrorCodes.MissingTable);

        var fault = Assert.Single(await FindAsync(failure.TracePath!));
        Assert.Equal((ErrorCodes.MissingTable, "CheckCompatibility", failure.Remedy), (fault.Cause, fault.Phase, fault.Remedy));
    }

    [Fact]
    public async Task A_trace_that_cannot_be_written_is_noted_once_and_changes_nothing_else()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        var result = await arena.TransferAsync(arena.Request with { Confirm = plan => ValueTask.FromResult(true) });
        using var blocked = new Arena(Table);
        blocked.Source.Run("INSERT INTO t VALUES (1, 'x')");
        var store = blocked.NewStore();
        var id = Guid.NewGuid();
        Directory.CreateDirectory(store.TracePath(id));

        using var run = new TransferRun(
            TransferRun.NewRecord(blocked.Request, StateTransferMode.Rows, TimeProvider.System) is var record ? record with { Result = record.Result with { Id = id } } : record,
            store,
            TimeProvider.System,
            null,
            Arena.Token);
        run.Begin(StateTransferPhase.Connect);
        run.End();
        var ended = run.Finish(StateTransferStatus.Completed);

        Assert.Contains("The trace could not be written", Assert.Single(ended.Notes), StringComparison.Ordinal);
        Assert.Null(ended.TracePath);
        Assert.Empty(result.Notes);
    }

    [Fact]
    public async Task No_password_of_a_drivers_message_reaches_the_trace()
    {
        using var arena = new Arena(Table);
        var store = arena.NewStore();
        using var run = new TransferRun(TransferRun.NewRecord(arena.Request, StateTransferMode.Rows, TimeProvider.System), store, TimeProvider.System, null, Arena.Token);
        run.Begin(StateTransferPhase.Connect);

        run.Fail(new LoggerCmsException(ErrorCodes.DatabaseError, "cannot parse 'Host=x;Password=hunter2;Pwd = \"hunter 2\"'", "Do this."));

        var text = await File.ReadAllTextAsync(store.TracePath(run.Id), Arena.Token);
        Assert.DoesNotContain("hunter", text, StringComparison.Ordinal);
        Assert.Contains("Password=***", text, StringComparison.Ordinal);
    }

    private static async Task<List<LoggerTraceLine>> ReadAsync(string path)
    {
        var lines = new List<LoggerTraceLine>();
        await foreach (var batch in Tools.ReadAsync(new TraceReadRequest { Path = path }, Arena.Token))
            lines.AddRange(batch.Lines);
        return lines;
    }

    private static Task<IReadOnlyList<LoggerFault>> FindAsync(string path) => Tools.FindFaultsAsync(new FaultRequest { Path = [path] }, Arena.Token);
}
