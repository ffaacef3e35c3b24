namespace LoggerCms.Transfer.Tests;

/// <summary>Transfers between two PostgreSQL databases that hash their rows: what proves them, and what they find.</summary>
public sealed class PostgreSqlHashTests
{
    private static readonly string[] Schema =
    [
        "CREATE TABLE item (id integer PRIMARY KEY, v text)", "INSERT INTO item SELECT i, 'v' || i FROM generate_series(1, 500) i",
        "CREATE TABLE bag (v text, n integer)", "INSERT INTO bag SELECT 'twin', i % 3 FROM generate_series(1, 30) i",
    ];

    private static readonly string[] Damage =
        ["UPDATE item SET v = 'other' WHERE id % 50 = 0", "DELETE FROM item WHERE id = 7", "INSERT INTO item VALUES (1000, 'only there')", "DELETE FROM bag WHERE n = 0", "INSERT INTO bag VALUES (NULL, NULL), ('twin', 1)"];

    public static TheoryData<StateTransferMode, SpoolMode, VerifyLevel?, VerifyLevel> Levels => new()
    {
        { StateTransferMode.Rows, SpoolMode.File, null, VerifyLevel.ByDatabase }, { StateTransferMode.Rows, SpoolMode.None, null, VerifyLevel.ByDatabase }, { StateTransferMode.Rows, SpoolMode.None, VerifyLevel.AllRows, VerifyLevel.AllRows },
        { StateTransferMode.Rows, SpoolMode.File, VerifyLevel.ByDatabase, VerifyLevel.ByDatabase }, { StateTransferMode.Full, SpoolMode.File, null, VerifyLevel.AllRows }, { StateTransferMode.Full, SpoolMode.File, VerifyLevel.ByDatabase, VerifyLevel.ByDatabase },
        { StateTransferMode.Full, SpoolMode.None, VerifyLevel.ByDatabase, VerifyLevel.ByDatabase },
    };

    [Theory]
    [MemberData(nameof(Levels))]
    public async Task A_transfer_is_proven_at_the_level_that_was_asked_for(StateTransferMode mode, SpoolMode spool, VerifyLevel? asked, VerifyLevel verified)
    {
        await using var arena = await PgArena.CreateAsync(Schema);
        await arena.RunBAsync(Damage);
        var before = await arena.DumpAsync("_b", "item", "bag");

        var request = arena.Request with { Mode = mode, Spool = spool, Verify = asked, TempPath = spool == SpoolMode.None ? null : arena.Request.TempPath };
        var result = await arena.Engine.TransferAsync(request, null, Arena.Token);

        Assert.Equal((StateTransferStatus.Completed, verified, true), (result.Status, result.Verified, result.Equal));
        await arena.AssertEqualSidesAsync("item", "bag");
        Assert.Equal(StateTransferStatus.AlreadyInState, (await arena.Engine.TransferAsync(request with { Mode = StateTransferMode.Rows }, null, Arena.Token)).Status);
        await arena.Engine.UndoAsync(new UndoRequest { Id = result.Id, Destination = arena.B }, null, Arena.Token);
        Assert.Equal(before, await arena.DumpAsync("_b", "item", "bag"));
    }

    [Theory]
    [InlineData("UPDATE z SET v = '(zwei)' WHERE id = 2")]
    [InlineData("DELETE FROM z WHERE id = 3")]
    public async Task A_cast_that_changes_what_is_written_is_found_and_nothing_is_kept(string damage)
    {
        await using var arena = await PgArena.CreateAsync(
            [.. Schema, "CREATE TYPE word AS (t text)", "CREATE TABLE z (id integer PRIMARY KEY, v word)", "INSERT INTO z VALUES (1, '(one)'), (2, '(two)'), (3, '(three)')"]);
        await arena.RunBAsync(
        [
            .. Damage, damage, "CREATE FUNCTION meddle(text) RETURNS word LANGUAGE sql IMMUTABLE AS 'SELECT ROW(''one'')::public.word'", "CREATE CAST (text AS word) WITH FUNCTION meddle(text)",
        ]);
        var before = await arena.DumpAsync("_b", "item", "bag", "z");

        await Arena.ThrowsAsync(ErrorCodes.VerificationFailed, () => arena.Engine.TransferAsync(arena.Request, null, Arena.Token));

        Assert.Equal(before, await arena.DumpAsync("_b", "item", "bag", "z"));
    }

    [Fact]
    public async Task Two_tables_whose_full_names_read_alike_are_two_tables()
    {
        await using var arena = await PgArena.CreateAsync(
            "CREATE SCHEMA a", "CREATE TABLE public.\"a.b\" (id integer PRIMARY KEY, v text)", "CREATE TABLE a.b (id integer PRIMARY KEY, v char(3))");
        await arena.RunAAsync("INSERT INTO public.\"a.b\" VALUES (1, 'x')", "INSERT INTO a.b VALUES (1, 'y'), (2, 'z')");

        var before = await arena.Engine.CompareAsync(new ComparisonRequest { Source = arena.A, Destination = arena.B }, null, null, Arena.Token);
        var result = await arena.Engine.TransferAsync(arena.Request, null, Arena.Token);

        Assert.Equal([1L, 2L], before.TableComparisons.Select(t => t.RowsOnlyInSource).Order());
        Assert.Equal((StateTransferStatus.Completed, true), (result.Status, result.Equal));
    }

    [Fact]
    public async Task A_trigger_of_the_destination_changes_nothing_of_what_is_written()
    {
        await using var arena = await PgArena.CreateAsync(Schema);
        await arena.RunBAsync(
        [
            .. Damage, "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.v := ''meddled''; RETURN NEW; END'", "CREATE TRIGGER meddle BEFORE INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION meddle()",
            "ALTER TABLE item ENABLE ALWAYS TRIGGER meddle",
        ]);
        Assert.Equal(VerifyLevel.ByDatabase, (await arena.Engine.TransferAsync(arena.Request, null, Arena.Token)).Verified);
        await arena.AssertEqualSidesAsync("item", "bag");
    }

    [Theory]
    [InlineData("UPDATE item SET v = 'late' WHERE id = 1")]
    [InlineData("UPDATE item SET v = 'late' WHERE id = 50")]
    [InlineData("DELETE FROM item WHERE id = 1")]
    [InlineData("INSERT INTO item VALUES (2000, 'late')")]
    [InlineData("INSERT INTO bag VALUES ('twin', 2)")]
    [InlineData("DELETE FROM bag WHERE ctid = (SELECT min(ctid) FROM bag WHERE n = 2)")]
    [InlineData("UPDATE bag SET n = 5 WHERE ctid = (SELECT min(ctid) FROM bag WHERE n = 2)")]
    public async Task A_row_that_changes_between_the_comparison_and_the_lock_is_a_conflict_and_stays(string change)
    {
        await using var arena = await PgArena.CreateAsync(Schema);
        await arena.RunBAsync(Damage);
        string? changed = null;

        await Arena.ThrowsAsync(ErrorCodes.DestinationChanged, () => arena.Engine.TransferAsync(
            arena.Request with
            {
                Confirm = async _ =>
                {
                    await arena.RunBAsync(change);
                    changed = await arena.DumpAsync("_b", "item", "bag");
                    return true;
                },
            },
            null,
            Arena.Token));

        Assert.NotNull(changed);
        Assert.Equal(changed, await arena.DumpAsync("_b", "item", "bag"));
    }

    [Fact]
    public async Task A_destination_that_is_rewritten_between_the_comparison_and_the_lock_is_the_same_and_goes_through()
    {
        await using var arena = await PgArena.CreateAsync(Schema);
        await arena.RunBAsync(Damage);
        var result = await arena.Engine.TransferAsync(
            arena.Request with
            {
                Confirm = async _ =>
                {
                    await arena.RunBAsync("UPDATE item SET v = v || '~'", "UPDATE item SET v = rtrim(v, '~')", "UPDATE bag SET n = n + 1", "UPDATE bag SET n = n - 1");
                    return true;
                },
            },
            null,
            Arena.Token);
        Assert.Equal((StateTransferStatus.Completed, true), (result.Status, result.Equal));
        await arena.AssertEqualSidesAsync("item", "bag");
    }

    [Fact]
    public async Task A_partitioned_table_cannot_be_proven_by_the_database_and_is_proven_row_by_row()
    {
        await using var arena = await PgArena.CreateAsync([.. Schema, "CREATE TABLE parted (id integer PRIMARY KEY, v text) PARTITION BY HASH (id)", "CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0)", "INSERT INTO parted VALUES (1, 'one')"]);
        await arena.RunBAsync([.. Damage, "UPDATE parted SET v = 'two'"]);
        var before = await arena.DumpAsync("_b", "item", "bag", "parted");

        var refused = await Arena.ThrowsAsync(ErrorCodes.InvalidOption, () => arena.Engine.TransferAsync(arena.Request with { Verify = VerifyLevel.ByDatabase }, null, Arena.Token));
        Assert.Contains("parted", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await arena.DumpAsync("_b", "item", "bag", "parted"));

        var result = await arena.Engine.TransferAsync(arena.Request, null, Arena.Token);
        Assert.Equal((StateTransferStatus.Completed, VerifyLevel.AllRows, true), (result.Status, result.Verified, result.Equal));
        await arena.AssertEqualSidesAsync("item", "bag", "parted");
    }

    [Fact]
    public async Task By_the_log_too_the_databases_can_prove_every_row()
    {
        await using var arena = await PgArena.CreateAsync(Schema[0], Schema[1]);
        foreach (var (side, name) in new[] { (arena.A, "A"), (arena.B, "B") })
            await arena.Engine.EnableLogAsync(new EnableLogRequest { Side = side, SideName = name, Table = ["item"] }, Arena.Token);
        await arena.RunAAsync("UPDATE item SET v = 'x' WHERE id = 1");
        Assert.Equal(StateTransferStatus.Completed, (await arena.Engine.TransferAsync(arena.Request, null, Arena.Token)).Status);
        await arena.RunAAsync("UPDATE item SET v = 'y' WHERE id = 1");
        var result = await arena.Engine.TransferAsync(arena.Request with { Mode = StateTransferMode.Log, Verify = VerifyLevel.ByDatabase }, null, Arena.Token);
        Assert.Equal((StateTransferStatus.Completed, VerifyLevel.ByDatabase, true), (result.Status, result.Verified, result.Equal));
        await arena.AssertEqualSidesAsync("item");
    }

    [Theory]
    [InlineData(60_000, 60_000)]
    [InlineData(60_000, 30_000)]
    [InlineData(60_000, 20_000)]
    public async Task However_many_rows_differ_the_destination_becomes_equal(int rows, int differing)
    {
        await using var arena = await PgArena.CreateAsync("CREATE TABLE item (id integer PRIMARY KEY, v text)", $"INSERT INTO item SELECT i, 'v' || i FROM generate_series(1, {rows}) i");
        await arena.RunBAsync($"UPDATE item SET v = 'other' WHERE id <= {differing}");
        var result = await arena.Engine.TransferAsync(arena.Request, null, Arena.Token);
        Assert.Equal((StateTransferStatus.Completed, VerifyLevel.ByDatabase, true, (long)differing), (result.Status, result.Verified, result.Equal, result.RowsUpdated));
        await arena.AssertEqualSidesAsync("item");
    }

    [Theory]
    [InlineData(StateTransferMode.Rows, StateTransferPhase.Compare)]
    [InlineData(StateTransferMode.Rows, StateTransferPhase.Verify)]
    [InlineData(StateTransferMode.Full, StateTransferPhase.Verify)]
    public async Task A_transfer_that_is_cancelled_while_rows_are_hashed_ends_and_leaves_the_destination_as_it_was(StateTransferMode mode, StateTransferPhase phase)
    {
        await using var arena = await PgArena.CreateAsync([.. Schema, "INSERT INTO item SELECT i, repeat('v', 200) FROM generate_series(1001, 200000) i"]);
        await arena.RunBAsync(Damage);
        var before = await arena.DumpAsync("_b", "item", "bag");
        using var stop = new CancellationTokenSource();

        // At the first row that is hashed, so that hashing is under way.
        var progress = new Told(p =>
        {
            if (p.Phase == phase && p.Rows > 0)
                stop.Cancel();
        });

        var result = await arena.Engine.TransferAsync(arena.Request with { Mode = mode, Verify = VerifyLevel.ByDatabase }, progress, stop.Token).WaitAsync(TimeSpan.FromMinutes(2), Arena.Token);

        Assert.Equal(StateTransferStatus.Cancelled, result.Status);
        Assert.Equal(before, await arena.DumpAsync("_b", "item", "bag"));
        Assert.Equal("0", await arena.SessionsAsync());
    }

    [Theory]
    [InlineData(StateTransferMode.Rows, StateTransferPhase.Compare, "_a")]
    [InlineData(StateTransferMode.Rows, StateTransferPhase.Compare, "_b")]
    [InlineData(StateTransferMode.Full, StateTransferPhase.Verify, "_b")]
    [InlineData(StateTransferMode.Full, StateTransferPhase.Verify, "_a")]
    public async Task A_session_that_ends_while_rows_are_hashed_is_ConnectionLost_and_leaves_both_sides_as_they_were(StateTransferMode mode, StateTransferPhase phase, string side)
    {
        await using var arena = await PgArena.CreateAsync([.. Schema, "INSERT INTO item SELECT i, repeat('v', 200) FROM generate_series(1001, 60000) i"]);
        await arena.RunBAsync(Damage);
        var (source, before) = (await arena.DumpAsync("_a", "item", "bag"), await arena.DumpAsync("_b", "item", "bag"));
        var ended = false;
        var progress = new Told(p =>
        {
            if (p.Phase != phase || ended)
                return;
            ended = true;
            arena.EndSessionsAsync(side).GetAwaiter().GetResult();
        });

        // The bound only keeps one that never ends from holding up all the others.
        await Arena.ThrowsAsync(
            ErrorCodes.ConnectionLost,
            () => arena.Engine.TransferAsync(arena.Request with { Mode = mode, Verify = VerifyLevel.ByDatabase }, progress, Arena.Token).WaitAsync(TimeSpan.FromMinutes(2), Arena.Token));

        Assert.Equal(source, await arena.DumpAsync("_a", "item", "bag"));
        Assert.Equal(before, await arena.DumpAsync("_b", "item", "bag"));
    }
}

/// <summary>Alone, because it looks at the memory of the whole process.</summary>
[Collection(nameof(PostgreSqlHashMemoryTests))]
[CollectionDefinition(nameof(PostgreSqlHashMemoryTests), DisableParallelization = true)]
public sealed class PostgreSqlHashMemoryTests
{
    [Fact]
    public async Task Millions_of_narrow_rows_are_compared_and_proven_in_bounded_memory()
    {
        await using var arena = await PgArena.CreateAsync("CREATE TABLE narrow (id integer PRIMARY KEY, v integer)", "INSERT INTO narrow SELECT i, i % 7 FROM generate_series(1, 3000000) i");
        await arena.RunBAsync("UPDATE narrow SET v = -1 WHERE id % 100000 = 0");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        var progress = new Told(_ => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before));

        var result = await arena.Engine.TransferAsync(arena.Request, progress, Arena.Token);

        Assert.Equal((StateTransferStatus.Completed, VerifyLevel.ByDatabase, 30L), (result.Status, result.Verified, result.RowsUpdated));

        // Both sides' hashes with their places alone are 240 MB. The bound is the one that holds for tables of any size.
        Assert.InRange(most, 0, 256_000_000);
    }
}
