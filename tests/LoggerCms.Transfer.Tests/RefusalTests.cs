using System.Diagnostics;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Transfer.Tests;

/// <summary>What a transfer refuses, by which code, and that the destination is then as it was.</summary>
public sealed class RefusalTests
{
    private static readonly string[] Table = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"];

    [Fact]
    public async Task Each_difference_between_two_schemas_is_named()
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "CREATE TABLE only_a (id INTEGER PRIMARY KEY)"]);
        arena.Destination.Run(
            "DROP TABLE t", "DROP TABLE only_a", "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB, extra INTEGER)", "CREATE TABLE only_b (id INTEGER PRIMARY KEY)");

        var failure = await arena.FailsAsync(ErrorCodes.SchemaMismatch);

        Assert.Equal("CheckCompatibility", failure.Phase);
        foreach (var named in new[] { "column v", "Text", "Binary", "column extra", "only_a", "only_b" })
            Assert.Contains(named, failure.Message, StringComparison.Ordinal);
        arena.AssertNothingLeft();
    }

    [Theory]
    [InlineData("""{"columns":{"T":["v"]}}""")]
    [InlineData("""{"columns":{"t":["w"]}}""")]
    [InlineData("""{"rowFilters":{"T":"id < 5"}}""")]
    [InlineData("""{"rowFilters":{"t":"id <"}}""")]
    [InlineData("""{"rowFilters":{"t":"id = 1) OR (id = 2"}}""")]
    [InlineData("""{"tables":["tt"]}""")]
    public async Task A_profile_that_names_what_is_not_there_is_refused_before_it_lets_through_what_it_was_to_keep(string profile)
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'sent')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'kept'), (9, 'kept')");
        var before = arena.Destination.Dump();
        await File.WriteAllTextAsync(arena.At("profile.json"), profile, Arena.Token);

        foreach (var mode in new[] { StateTransferMode.Rows, StateTransferMode.Full })
            await arena.FailsAsync(ErrorCodes.InvalidProfile, arena.With(mode) with { ProfilePath = arena.At("profile.json") });

        Assert.Equal(before, arena.Destination.Dump());
        arena.AssertNothingLeft();
    }

    [Fact]
    public async Task A_row_filter_may_end_in_a_comment_and_a_view_may_be_named_side_local()
    {
        using var arena = new Arena([.. Table, "CREATE VIEW seen AS SELECT * FROM t"]);
        arena.Source.Run("INSERT INTO t VALUES (1, 'sent')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'old'), (9, 'kept')");
        await File.WriteAllTextAsync(arena.At("profile.json"), """{"tables":["seen"],"rowFilters":{"t":"id = 1 -- only mine"}}""", Arena.Token);
        foreach (var mode in new[] { StateTransferMode.Rows, StateTransferMode.Full })
            Assert.True((await arena.TransferAsync(arena.With(mode) with { ProfilePath = arena.At("profile.json") })).Equal);
        Assert.Equal(1, arena.Destination.Count("t WHERE id = 9 AND v = 'kept'"));
        Assert.Equal(1, arena.Destination.Count("t WHERE id = 1 AND v = 'sent'"));
    }

    [Fact]
    public async Task A_scope_without_a_table_is_refused()
    {
        using var arena = new Arena(Table);
        await arena.FailsAsync(ErrorCodes.TableNotFound, arena.Request with { Table = ["t"], ExcludeTable = ["t"] });
        await Arena.ThrowsAsync(ErrorCodes.TableNotFound, () => arena.Engine.CompareAsync(
            new ComparisonRequest { Source = arena.A, Destination = arena.B, ExcludeTable = ["*"] }, null, null, Arena.Token));
    }

    [Fact]
    public async Task A_missing_table_is_refused_and_made_when_asked_for()
    {
        using var arena = new Arena(Data.Schema);
        Data.Fill(arena.Source, seed: 20);
        arena.Destination.Run("PRAGMA foreign_keys = OFF", "DROP TABLE word", "DROP TABLE setting", "DROP TABLE line");

        await arena.FailsAsync(ErrorCodes.MissingTable);
        var result = await arena.TransferAsync(arena.Request with { CreateMissingTables = true });

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task A_table_that_only_the_destination_has_is_refused_also_where_missing_ones_are_made()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("CREATE TABLE made (id INTEGER PRIMARY KEY)");
        arena.Destination.Run("CREATE TABLE zz (id INTEGER PRIMARY KEY)");

        var failure = await arena.FailsAsync(ErrorCodes.MissingTable, arena.Request with { CreateMissingTables = true });
        var result = await arena.TransferAsync(arena.Request with { CreateMissingTables = true, ExcludeTable = ["zz"] });

        Assert.Contains("zz", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("made", failure.Message, StringComparison.Ordinal);
        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Equal(1, arena.Destination.Count("sqlite_schema WHERE name = 'made'"));
    }

    [Fact]
    public async Task A_table_that_was_made_is_gone_when_its_transfer_fails()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')", "CREATE TABLE new (id INTEGER PRIMARY KEY)", "INSERT INTO new VALUES (1)");
        arena.Destination.Run("CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'no'); END", "DROP TRIGGER no");
        using var stop = new CancellationTokenSource();
        var progress = new Told(p =>
        {
            if (p.Phase == StateTransferPhase.Verify)
                stop.Cancel();
        });

        var result = await arena.Engine.TransferAsync(arena.Request with { CreateMissingTables = true }, progress, stop.Token);

        Assert.Equal(StateTransferStatus.Cancelled, result.Status);
        Assert.Equal(0, arena.Destination.Count("sqlite_schema WHERE name = 'new'"));
    }

    [Fact]
    public async Task A_side_is_not_sent_to_itself_not_even_through_a_link()
    {
        using var arena = new Arena(Table);
        File.CreateSymbolicLink(arena.At("link.db"), arena.Source.Path);

        await arena.FailsAsync(ErrorCodes.SameSide, arena.Request with { Destination = arena.A });
        await arena.FailsAsync(ErrorCodes.SameSide, arena.Request with { Destination = new SideConnection(arena.At("link.db")) });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_side_is_not_sent_to_itself_nor_compared_with_itself_through_a_hard_link(bool wal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Which file a path leads to is told on Linux only.");
        using var arena = new Arena(Table, wal);
        var link = new SideConnection(arena.At("hard.db"));
        using (var ln = Process.Start("ln", [arena.Source.Path, link.DataSource]))
            await ln.WaitForExitAsync(Arena.Token);

        await arena.FailsAsync(ErrorCodes.SameSide, arena.Request with { Destination = link });
        await Arena.ThrowsAsync(
            ErrorCodes.SameSide, () => arena.Engine.CompareAsync(new ComparisonRequest { Source = arena.A, Destination = link }, null, null, Arena.Token));
    }

    [Fact]
    public async Task A_second_transfer_into_the_same_destination_is_refused_while_one_runs()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        LoggerCmsException? second = null;

        var first = await arena.TransferAsync(arena.Request with
        {
            Confirm = async _ =>
            {
                second = await Assert.ThrowsAsync<LoggerCmsException>(() => arena.NewEngine().TransferAsync(arena.Request, null, Arena.Token));
                return true;
            },
        });

        Assert.Equal(ErrorCodes.TransferInProgress, second?.Code);
        Assert.Equal(StateTransferStatus.Completed, first.Status);
        await arena.AssertEqualSidesAsync();
        Assert.Equal(StateTransferStatus.AlreadyInState, (await arena.TransferAsync()).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_destination_whose_writer_keeps_its_lock_is_in_use_and_nothing_is_left_behind(bool wal)
    {
        using var arena = new Arena(Table, wal);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        var before = arena.Destination.Dump();
        using (var writer = arena.Destination.Open())
        {
            SqliteFile.Run(writer, "BEGIN IMMEDIATE");
            SqliteFile.Run(writer, "INSERT INTO t VALUES (9, 'theirs')");

            await arena.FailsAsync(ErrorCodes.DestinationInUse, arena.With(StateTransferMode.Rows, SpoolMode.None) with { LockTimeout = TimeSpan.FromMilliseconds(200) });

            arena.AssertNothingLeft();
            SqliteFile.Run(writer, "ROLLBACK");
        }

        Assert.Equal(before, arena.Destination.Dump());
        Assert.Equal(StateTransferStatus.Completed, (await arena.TransferAsync()).Status);
        await arena.AssertEqualSidesAsync();
    }

    public static TheoryData<string, SpoolMode, VerifyLevel> ChangesBeforeTheLock()
    {
        var data = new TheoryData<string, SpoolMode, VerifyLevel>();
        foreach (var statement in new[]
        {
            "UPDATE t SET v = 'meanwhile' WHERE id = 2", "DELETE FROM t WHERE id = 2", "INSERT INTO t VALUES (3, 'meanwhile')",
            "DELETE FROM t WHERE id = 4", "UPDATE t SET v = 'meanwhile' WHERE id = 1",
        })
        {
            data.Add(statement, SpoolMode.File, VerifyLevel.AllRows);
            data.Add(statement, SpoolMode.None, VerifyLevel.AllRows);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(ChangesBeforeTheLock))]
    public async Task A_destination_that_changes_between_the_comparison_and_the_lock_is_refused_and_keeps_the_change(string change, SpoolMode spool, VerifyLevel verify)
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'same'), (2, 'new'), (3, 'new')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'same'), (2, 'old'), (4, 'old')");
        string? changed = null;

        var failure = await arena.FailsAsync(ErrorCodes.DestinationChanged, arena.With(StateTransferMode.Rows, spool, verify) with
        {
            Confirm = _ =>
            {
                arena.Destination.Run(change);
                changed = arena.Destination.Dump();
                return ValueTask.FromResult(true);
            },
        });

        Assert.Equal(StateTransferStatus.Failed, arena.Engine.GetTransfers(null)[0].Status);
        Assert.True(failure.Phase is "Apply" or "Verify", failure.Phase);
        Assert.Equal(changed, arena.Destination.Dump());
        Assert.Equal(StateTransferStatus.Completed, (await arena.TransferAsync()).Status);
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task A_temp_folder_that_cannot_be_used_stops_the_transfer_unless_streaming_is_allowed()
    {
        using var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'x')");
        await File.WriteAllTextAsync(arena.At("file"), "no folder", Arena.Token);
        foreach (var folder in new[] { arena.At("missing"), Path.Combine(arena.At("file"), "under") })
        {
            var request = arena.Request with { TempPath = folder };

            var failure = await arena.FailsAsync(ErrorCodes.TempFolderUnusable, request);

            Assert.Contains(folder, failure.Message, StringComparison.Ordinal);
            Assert.Contains(folder == arena.At("missing") ? "(Missing)" : "(NotAFolder)", failure.Message, StringComparison.Ordinal);
            Assert.Contains($"-Path '{folder}' -Account '{Environment.UserName}'", failure.Remedy, StringComparison.Ordinal);
            Assert.Contains("-Spool None", failure.Remedy, StringComparison.Ordinal);
            Assert.Contains("-AllowStreaming", failure.Remedy, StringComparison.Ordinal);
            Assert.Equal("CheckCompatibility", failure.Phase);
            Assert.Equal(0, arena.Destination.Count("t"));
        }

        var result = await arena.TransferAsync(arena.Request with { TempPath = arena.At("missing"), AllowStreaming = true });

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Contains(result.Notes, n => n.Contains("without a spool", StringComparison.Ordinal));
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task A_home_folder_that_cannot_be_used_is_a_typed_failure()
    {
        using var arena = new Arena(Table);
        await File.WriteAllTextAsync(arena.At("file"), "no folder", Arena.Token);
        var engine = new SideEngine([new Databases.Sqlite.SqliteSideDriver()], TimeProvider.System, new TransferStore(TimeProvider.System, arena.At("file")));

        var failure = await Arena.ThrowsAsync(ErrorCodes.TempFolderUnusable, () => engine.TransferAsync(arena.Request, null, Arena.Token));

        Assert.Contains("LOGGERCMS_HOME", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_contradict_each_other_are_refused_before_anything_is_opened()
    {
        using var arena = new Arena(Table);
        await arena.FailsAsync(ErrorCodes.InvalidOption, arena.Request with { ThrottleMBps = -1 });
        await arena.FailsAsync(ErrorCodes.InvalidOption, arena.Request with { LockTimeout = TimeSpan.FromDays(2) });
        await arena.FailsAsync(ErrorCodes.InvalidOption, arena.Request with { Spool = SpoolMode.None });
        Assert.Empty(arena.Engine.GetTransfers(null));
    }

    [Fact]
    public async Task A_foreign_key_that_crosses_the_scope_must_hold()
    {
        using var arena = new Arena(["CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id))"]);
        arena.Source.Run("INSERT INTO p VALUES (1)", "INSERT INTO c VALUES (1, 1)");

        var failure = await arena.FailsAsync(ErrorCodes.ForeignKeyViolated, arena.Request with { Table = ["c"] });

        Assert.Contains("c", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, arena.Destination.Count("c"));
        Assert.Equal(StateTransferStatus.Completed, (await arena.TransferAsync()).Status);
    }

    [Fact]
    public async Task A_foreign_key_that_was_broken_before_does_not_refuse_what_breaks_none()
    {
        using var arena = new Arena(["CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id))"]);
        arena.Source.Run("INSERT INTO p VALUES (1), (2)");
        arena.Destination.Run("PRAGMA foreign_keys = OFF", "INSERT INTO p VALUES (1), (3)", "INSERT INTO c VALUES (1, 77), (2, 78), (3, 2)");

        var result = await arena.TransferAsync(arena.Request with { Table = ["p"] });

        Assert.Contains(result.Notes, n => n.Contains("2 rows refer", StringComparison.Ordinal));
        arena.Source.Run("DELETE FROM p WHERE id = 2");
        var failure = await arena.FailsAsync(ErrorCodes.ForeignKeyViolated, arena.Request with { Table = ["p"] });
        Assert.Contains("3 rows refer", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, arena.Destination.Count("p"));
    }

    [Fact]
    public async Task A_row_that_stands_in_the_way_outside_of_the_row_filter_is_told_with_the_filter()
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, r TEXT)"]);
        arena.Source.Run("INSERT INTO t VALUES (1, 'EU')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'US')");
        await File.WriteAllTextAsync(arena.At("p.json"), """{"rowFilters":{"t":"r = 'EU'"}}""", Arena.Token);
        foreach (var mode in new[] { StateTransferMode.Rows, StateTransferMode.Full })
        {
            var failure = await arena.FailsAsync(ErrorCodes.ConstraintViolated, arena.With(mode) with { ProfilePath = arena.At("p.json") });
            Assert.Contains("r = 'EU'", failure.Message, StringComparison.Ordinal);
            Assert.Contains("row filter", failure.Remedy, StringComparison.Ordinal);
        }
    }
}
