namespace LoggerCms.Transfer.Tests;

/// <summary>The way back: exact, refused where it would overwrite later work, and itself undoable.</summary>
public sealed class UndoTests
{
    private static readonly string[] Table = ["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)", "CREATE TABLE keyless (v TEXT)", "CREATE TABLE other (id INTEGER PRIMARY KEY)"];

    public static TheoryData<StateTransferMode, SpoolMode, string> LaterWrites()
    {
        var data = new TheoryData<StateTransferMode, SpoolMode, string>();
        foreach (var write in new[] { "UPDATE t SET v = 'later' WHERE id = 2", "DELETE FROM t WHERE id = 3", "INSERT INTO t VALUES (9, 'later')", "DELETE FROM keyless WHERE v = 'b'" })
        {
            data.Add(StateTransferMode.Rows, SpoolMode.File, write);
            data.Add(StateTransferMode.Full, SpoolMode.File, write);
            data.Add(StateTransferMode.Full, SpoolMode.None, write);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(LaterWrites))]
    public async Task An_undo_is_refused_after_later_writes_and_force_overwrites_them_and_can_be_undone_itself(StateTransferMode mode, SpoolMode spool, string write)
    {
        using var arena = Differing();
        var before = arena.Destination.Dump();
        var result = await arena.TransferAsync(arena.With(mode, spool));
        arena.Destination.Run(write);
        var later = arena.Destination.Dump();

        var failure = await Arena.ThrowsAsync(ErrorCodes.ChangedSinceTransfer, () => arena.UndoAsync(result.Id));

        Assert.Contains(write.Contains("keyless", StringComparison.Ordinal) ? "keyless" : "t", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-Force", failure.Remedy, StringComparison.Ordinal);
        Assert.Equal(later, arena.Destination.Dump());

        var forced = await arena.UndoAsync(result.Id, force: true);

        Assert.Equal(before, arena.Destination.Dump());
        Assert.NotNull(forced.UndoPath);
        Assert.Equal(result.Id, forced.Undoes);

        await arena.UndoAsync(forced.Id);

        Assert.Equal(later, arena.Destination.Dump());
    }

    [Fact]
    public async Task An_undo_is_not_refused_for_what_came_to_other_tables_since()
    {
        using var arena = Differing();
        foreach (var (side, name) in new[] { (arena.A, "A"), (arena.B, "B") })
            await arena.Engine.EnableLogAsync(new EnableLogRequest { Side = side, SideName = name, Table = ["t", "other"] }, Arena.Token);
        var before = arena.Destination.Dump(t => t == "t");
        var result = await arena.TransferAsync(arena.With(StateTransferMode.Rows) with { Table = ["t"] });
        arena.Destination.Run("INSERT INTO other VALUES (1)");

        await arena.UndoAsync(result.Id);

        Assert.Equal(before, arena.Destination.Dump(t => t == "t"));
        Assert.Equal(1, arena.Destination.Count("other"));
    }

    [Theory]
    [InlineData(StateTransferMode.Rows, true)]
    [InlineData(StateTransferMode.Full, true)]
    [InlineData(StateTransferMode.Rows, false)]
    public async Task An_undo_brings_back_the_side_local_columns_of_rows_that_were_deleted(StateTransferMode mode, bool filtered)
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, a_own TEXT DEFAULT 'none', v INT, z_own REAL)"]);
        arena.Source.Run("INSERT INTO t VALUES (1, 's', 2, 1)", "INSERT INTO t VALUES (2, 's', 2, 1)");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'd', 1, 2.5), (3, 'precious', 3, -0.0), (4, NULL, 4, NULL)");
        await File.WriteAllTextAsync(
            arena.At("p.json"), $$"""{"columns":{"t":["a_own","z_own"]}{{(filtered ? ""","rowFilters":{"t":"v < 100"}""" : "")}}}""", Arena.Token);
        var before = arena.Destination.Dump();
        var result = await arena.TransferAsync(arena.With(mode) with { ProfilePath = arena.At("p.json") });
        Assert.Equal(2, result.RowsDeleted);
        Assert.Empty(result.Notes);
        var after = arena.Destination.Dump();

        var undone = await arena.UndoAsync(result.Id);
        Assert.Equal(before, arena.Destination.Dump());
        Assert.Equal((1L, 1L, 2L), (undone.RowsDeleted, undone.RowsUpdated, undone.RowsInserted));
        var again = await arena.UndoAsync(undone.Id);
        Assert.Equal(after, arena.Destination.Dump());
        await arena.UndoAsync(again.Id);
        Assert.Equal(before, arena.Destination.Dump());
    }

    [Fact]
    public async Task A_transfer_says_which_side_local_columns_no_undo_can_bring_back()
    {
        using var arena = new Arena(["CREATE TABLE t (v INT, own TEXT DEFAULT 'none')"]);
        arena.Source.Run("INSERT INTO t VALUES (1, 's')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'd'), (3, 'precious')");
        await File.WriteAllTextAsync(arena.At("p.json"), """{"columns":{"t":["own"]}}""", Arena.Token);

        var result = await arena.TransferAsync(arena.With(StateTransferMode.Rows) with { ProfilePath = arena.At("p.json") });

        Assert.Contains(result.Notes, n => n.Contains("table t", StringComparison.Ordinal) && n.Contains("(own)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_undo_lists_the_rows_that_were_changed()
    {
        using var arena = Differing();
        var result = await arena.TransferAsync(arena.With(StateTransferMode.Rows));
        arena.Destination.Run("UPDATE t SET v = 'later' WHERE id IN (2, 3)");

        var failure = await Arena.ThrowsAsync(ErrorCodes.ChangedSinceTransfer, () => arena.UndoAsync(result.Id));

        Assert.Contains("2", failure.Message, StringComparison.Ordinal);
        Assert.Contains("3", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_one_is_the_one_that_the_side_had_last_also_where_a_clock_was_set_back()
    {
        using var arena = Differing();
        var start = arena.Destination.Dump();
        var first = await arena.TransferAsync();
        arena.Source.Run("UPDATE t SET v = 'second' WHERE id = 1");
        var second = await arena.NewEngine(new ManualTime()).TransferAsync(arena.Request, null, Arena.Token);
        Assert.True(second.StartedAt < first.StartedAt);

        await Arena.ThrowsAsync(ErrorCodes.UndoNotLast, () => arena.UndoAsync(first.Id));
        await arena.UndoAsync(second.Id);
        await arena.UndoAsync(first.Id);

        Assert.Equal(start, arena.Destination.Dump());
    }

    [Fact]
    public async Task What_came_after_does_not_count_where_the_side_was_put_back_to_before_it()
    {
        using var arena = Differing();
        var start = arena.Destination.Dump();
        var first = await arena.TransferAsync();
        arena.Destination.Run($"VACUUM INTO '{arena.At("backup.db")}'");
        arena.Source.Run("UPDATE t SET v = 'second' WHERE id = 1");
        await arena.TransferAsync();
        File.Copy(arena.At("backup.db"), arena.Destination.Path, overwrite: true);

        await arena.UndoAsync(first.Id);

        Assert.Equal(start, arena.Destination.Dump());
    }

    [Fact]
    public async Task Transfers_are_undone_last_first_and_the_undo_of_an_undo_is_the_transfer_again()
    {
        using var arena = Differing();
        var start = arena.Destination.Dump();
        var first = await arena.TransferAsync();
        var between = arena.Destination.Dump();
        arena.Source.Run("UPDATE t SET v = 'second' WHERE id = 1");
        var second = await arena.TransferAsync();
        var end = arena.Destination.Dump();

        var failure = await Arena.ThrowsAsync(ErrorCodes.UndoNotLast, () => arena.UndoAsync(first.Id));
        Assert.Contains(second.Id.ToString(), failure.Remedy, StringComparison.Ordinal);

        var undone = await arena.UndoAsync(second.Id);
        Assert.Equal(between, arena.Destination.Dump());
        var again = await arena.UndoAsync(undone.Id);
        Assert.Equal(end, arena.Destination.Dump());

        await Arena.ThrowsAsync(ErrorCodes.UndoNotLast, () => arena.UndoAsync(first.Id));
        await arena.UndoAsync(again.Id);
        await arena.UndoAsync(first.Id);

        Assert.Equal(start, arena.Destination.Dump());
        await Arena.ThrowsAsync(ErrorCodes.TransferNotFound, () => arena.UndoAsync(first.Id));
    }

    [Fact]
    public async Task An_undo_with_WhatIf_changes_nothing()
    {
        using var arena = Differing();
        var result = await arena.TransferAsync();
        var after = arena.Destination.Dump();

        var undo = await arena.Engine.UndoAsync(new UndoRequest { Id = result.Id, WhatIf = true }, null, Arena.Token);

        Assert.Equal(StateTransferStatus.WhatIf, undo.Status);
        Assert.Equal(after, arena.Destination.Dump());
        Assert.True(File.Exists(result.UndoPath));
    }

    [Theory]
    [InlineData(StateTransferPhase.Connect)]
    [InlineData(StateTransferPhase.Apply)]
    [InlineData(StateTransferPhase.Verify)]
    public async Task A_cancelled_undo_leaves_the_destination_and_the_undo_file(StateTransferPhase phase)
    {
        using var arena = Differing();
        var before = arena.Destination.Dump();
        var result = await arena.TransferAsync();
        var after = arena.Destination.Dump();
        using var stop = new CancellationTokenSource();

        var undo = await arena.Engine.UndoAsync(
            new UndoRequest { Id = result.Id },
            new Told(p =>
            {
                if (p.Phase == phase)
                    stop.Cancel();
            }),
            stop.Token);

        Assert.Equal(StateTransferStatus.Cancelled, undo.Status);
        Assert.Equal(after, arena.Destination.Dump());
        Assert.Equal(Path.GetFileName(result.UndoPath), Assert.Single(arena.Leftovers));
        await arena.UndoAsync(result.Id);
        Assert.Equal(before, arena.Destination.Dump());
    }

    [Fact]
    public async Task A_damaged_undo_file_is_refused_by_type_and_nothing_of_it_is_applied()
    {
        using var arena = Differing();
        var result = await arena.TransferAsync();
        var after = arena.Destination.Dump();
        var whole = await File.ReadAllBytesAsync(result.UndoPath!, Arena.Token);
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 25; i++)
        {
            var damaged = i % 2 == 0 ? (byte[])whole.Clone() : whole[..random.Next(whole.Length)];
            if (i % 2 == 0)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(result.UndoPath!, damaged, Arena.Token);

            var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => arena.UndoAsync(result.Id));

            Assert.True(failure.Code is ErrorCodes.UndoDamaged or ErrorCodes.FormatNotSupported, $"seed {seed}, case {i}: {failure}");
            Assert.Equal(damaged, await File.ReadAllBytesAsync(result.UndoPath!, Arena.Token));
        }

        Assert.Equal(after, arena.Destination.Dump());
        await File.WriteAllBytesAsync(result.UndoPath!, whole, Arena.Token);
        await arena.UndoAsync(result.Id);
    }

    private static Arena Differing()
    {
        var arena = new Arena(Table);
        arena.Source.Run("INSERT INTO t VALUES (1, 'same'), (2, 'new'), (3, 'added')", "INSERT INTO keyless VALUES ('a'), ('a'), ('b')");
        arena.Destination.Run("INSERT INTO t VALUES (1, 'same'), (2, 'old'), (9, 'gone')", "INSERT INTO keyless VALUES ('a'), ('c'), ('c')");
        return arena;
    }
}
