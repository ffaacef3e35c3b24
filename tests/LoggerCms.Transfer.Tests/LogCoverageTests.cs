namespace LoggerCms.Transfer.Tests;

/// <summary>What a position stands for: which tables, since when, and which part of them. Nothing else may be taken for level.</summary>
public abstract class LogCoverageTests(SideProvider make)
{
    private static readonly string[] Both = ["t1", "t2"];

    private static readonly string[] Schema =
    [
        "CREATE TABLE t1 (id INTEGER PRIMARY KEY, v INTEGER, r VARCHAR(9))", "CREATE TABLE t2 (id INTEGER PRIMARY KEY, v INTEGER)",
        "INSERT INTO t1 VALUES (1, 1, 'EU'), (2, 2, 'US')", "INSERT INTO t2 VALUES (1, 1), (2, 2)",
    ];

    protected SideProvider Make { get; } = make;

    protected virtual string RenameNToT1 => "ALTER TABLE n RENAME TO t1";

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task A_change_before_a_table_came_under_the_log_is_sent(bool onSource, bool onDestination)
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync("t1");
        await sides.TransferAsync();
        await sides.RunAsync(sides.A, "UPDATE t2 SET v = 99 WHERE id = 1");
        if (onSource)
            await sides.EnableAsync(sides.A, "t2");
        if (onDestination)
            await sides.EnableAsync(sides.B, "t2");

        await sides.TransferToEqualAsync(Both);

        await sides.RunAsync(sides.A, "UPDATE t2 SET v = 100", "UPDATE t1 SET v = 100");
        await sides.TransferToEqualAsync(Both);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_change_of_the_destination_before_its_table_came_under_the_log_is_overwritten(bool bothWays)
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync("t1");
        await sides.TransferAsync();
        if (bothWays)
            await sides.TransferAsync(sides.B);
        await sides.RunAsync(sides.B, "UPDATE t2 SET v = 99 WHERE id = 1");
        await sides.EnableBothAsync("t2");

        await sides.TransferToEqualAsync(Both);
        await sides.LevelAsync();
    }

    [Fact]
    public async Task A_table_that_was_made_anew_under_its_name_is_compared_again()
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync();
        await sides.LevelAsync();
        await sides.RunAsync(
            sides.A, "CREATE TABLE n (id INTEGER PRIMARY KEY, v INTEGER, r VARCHAR(9))", "INSERT INTO n SELECT * FROM t1", "DROP TABLE t1",
            RenameNToT1, "UPDATE t1 SET v = 77");
        await sides.EnableAsync(sides.A);

        await sides.TransferToEqualAsync(Both);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tables_can_come_under_the_log_again_and_again_without_a_refusal(bool bothWays)
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync("t1");
        for (var round = 3; round < 5; round++)
        {
            var table = $"t{round}";
            string[] all = [.. Both, .. Enumerable.Range(3, round - 2).Select(n => $"t{n}")];
            foreach (var side in new[] { sides.A, sides.B })
                await sides.RunAsync(side, $"CREATE TABLE {table} (id INTEGER PRIMARY KEY, v INTEGER)");
            await sides.RunAsync(sides.A, $"INSERT INTO {table} VALUES (1, 1)", $"UPDATE t1 SET v = {round * 10}");
            await sides.TransferToEqualAsync(all);
            if (bothWays)
            {
                await sides.RunAsync(sides.B, $"UPDATE t1 SET v = {(round * 10) + 1}");
                await sides.TransferToEqualAsync(all, sides.B);
            }

            await sides.EnableAsync(sides.A, table);
            await sides.TransferToEqualAsync(all);
            await sides.EnableAsync(sides.B, table);
            await sides.TransferToEqualAsync(all);
            if (bothWays)
                await sides.TransferToEqualAsync(all, sides.B);
        }

        await sides.EnableBothAsync("t2");
        await sides.LevelAsync();
    }

    [Fact]
    public async Task New_tables_under_both_logs_do_not_make_sides_that_were_level_diverge()
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync();
        await sides.RunAsync(sides.A, "UPDATE t1 SET v = 10");
        await sides.LevelAsync();
        await sides.RunAsync(sides.B, "UPDATE t1 SET v = 11");
        await sides.LevelAsync(sides.B);
        foreach (var side in new[] { sides.A, sides.B })
            await sides.RunAsync(side, "CREATE TABLE t3 (id INTEGER PRIMARY KEY, v INTEGER)");
        await sides.RunAsync(sides.A, "INSERT INTO t3 VALUES (1, 1)");
        await sides.EnableBothAsync("t3");

        await sides.TransferToEqualAsync(["t1", "t2", "t3"]);
        await sides.LevelAsync();
        await sides.RunAsync(sides.B, "UPDATE t3 SET v = 12");
        await sides.TransferToEqualAsync(["t1", "t2", "t3"], sides.B);
    }

    [Fact]
    public async Task A_destination_that_logs_only_some_tables_is_not_taken_for_level_in_the_others()
    {
        await using var sides = await NewAsync();
        await sides.EnableAsync(sides.A);
        await sides.EnableAsync(sides.B, "t1");
        await sides.TransferAsync();
        await sides.RunAsync(sides.A, "UPDATE t2 SET v = 50", "UPDATE t1 SET v = 50");
        await sides.TransferAsync(tables: ["t1"]);

        var result = await sides.TransferToEqualAsync(Both);

        Assert.Contains("table t2 is not under the config message log of B", result.ModeReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transfer_of_some_tables_leaves_the_others_behind_for_the_log_to_bring()
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync();
        await sides.LevelAsync();
        await sides.RunAsync(sides.A, "UPDATE t2 SET v = 50", "UPDATE t1 SET v = 50");
        await sides.TransferAsync(tables: ["t1"]);

        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Log), TwoSides.Seen(await sides.TransferToEqualAsync(Both)));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public async Task What_a_profile_left_out_is_still_sent_by_the_next_transfer_without_it(bool filter, bool force)
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync();
        await sides.LevelAsync();
        await sides.RunAsync(sides.A, "UPDATE t1 SET v = v + 100", "UPDATE t2 SET v = v + 100");
        using var profile = PartOfT1(filter);

        var part = await sides.TransferAsync(profile: profile.Path, force: force);

        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Rows), TwoSides.Seen(part));
        Assert.Contains("t1", part.ModeReason, StringComparison.Ordinal);
        Assert.Equal((StateTransferStatus.Completed, StateTransferMode.Log), TwoSides.Seen(await sides.TransferToEqualAsync(Both)));
        await sides.LevelAsync();
    }

    [Fact]
    public async Task The_same_profile_again_finds_nothing_to_send_and_moves_no_position()
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync();
        await sides.LevelAsync();
        using var profile = PartOfT1(filter: true);
        await sides.RunAsync(sides.A, "UPDATE t1 SET v = v + 100");
        await sides.TransferAsync(profile: profile.Path);

        Assert.Equal(StateTransferStatus.AlreadyInState, (await sides.TransferAsync(profile: profile.Path)).Status);
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(() => sides.TransferAsync(mode: StateTransferMode.Log, profile: profile.Path));
        Assert.Equal(ErrorCodes.LogCannotServe, failure.Code);
    }

    [Fact]
    public async Task The_first_transfer_with_a_profile_makes_no_side_level()
    {
        await using var sides = await NewAsync();
        await sides.RunAsync(sides.A, "UPDATE t1 SET v = v + 100");
        await sides.EnableBothAsync();
        using var profile = PartOfT1(filter: true);
        await sides.TransferAsync(profile: profile.Path);

        await sides.TransferToEqualAsync(Both);
    }

    [Fact]
    public async Task Entries_that_are_older_than_the_retention_are_gone_after_a_transfer_and_after_enabling_on_both_sides()
    {
        await using var sides = await NewAsync();
        await sides.EnableBothAsync();
        foreach (var side in new[] { sides.A, sides.B })
            await sides.LevelAsync(side);
        await sides.RunAsync(sides.A, "UPDATE t1 SET v = 5");
        await sides.TransferToEqualAsync(Both);
        Assert.Equal([2L, 2L], await EntriesAsync());
        foreach (var side in new[] { sides.A, sides.B })
            await sides.RunAsync(side, "UPDATE loggercms_log SET at_us = 0");
        await sides.RunAsync(sides.A, "UPDATE t2 SET v = 6 WHERE id = 1");

        Assert.Equal(StateTransferMode.Log, (await sides.TransferToEqualAsync(Both)).Mode);

        Assert.Equal([1L, 1L], await EntriesAsync());
        await sides.RunAsync(sides.A, "UPDATE loggercms_log SET at_us = 0");
        await sides.EnableAsync(sides.A);
        Assert.Equal([0L, 1L], await EntriesAsync());
        Assert.Equal((StateTransferStatus.NothingToSend, StateTransferMode.Log), TwoSides.Seen(await sides.TransferAsync()));

        async Task<long?[]> EntriesAsync()
            => [(await sides.Engine.GetLogAsync(sides.A, Arena.Token)).Entries, (await sides.Engine.GetLogAsync(sides.B, Arena.Token)).Entries];
    }

    private Task<TwoSides> NewAsync() => TwoSides.CreateAsync(Make, Schema);

    /// <summary>A profile by which only a part of t1 is sent.</summary>
    private static TemporaryProfile PartOfT1(bool filter)
        => new(filter ? """{"rowFilters":{"t1":"r = 'EU'"}}""" : """{"columns":{"t1":["v"]}}""");
}

public sealed class SqliteLogCoverageTests() : LogCoverageTests(SideProvider.Sqlite)
{
    [Fact]
    public async Task A_row_with_the_id_minus_one_that_a_new_row_displaces_is_deleted_on_the_other_side()
    {
        await using var sides = await TwoSides.CreateAsync(
            SideProvider.Sqlite, "CREATE TABLE u (id INTEGER PRIMARY KEY, u TEXT UNIQUE, w INTEGER)", "INSERT INTO u VALUES (-1, 'x', 0), (5, 'y', 0)");
        await sides.EnableBothAsync();
        await sides.LevelAsync();
        await sides.RunAsync(sides.A, "INSERT OR REPLACE INTO u (u) VALUES ('x')", "UPDATE u SET u = 'z' WHERE u = 'x'");

        Assert.Equal(StateTransferMode.Log, (await sides.TransferToEqualAsync(["u"])).Mode);

        await sides.RunAsync(sides.A, "INSERT INTO u VALUES (-1, 'a', 0)", "INSERT OR REPLACE INTO u VALUES (-1, 'b', 1)", "INSERT OR REPLACE INTO u VALUES (-1, 'y', 2)");
        Assert.Equal(StateTransferMode.Log, (await sides.TransferToEqualAsync(["u"])).Mode);
    }

    [Fact]
    public async Task A_unique_index_that_came_after_the_log_makes_the_table_go_by_rows_until_it_is_enabled_again()
    {
        await using var sides = await TwoSides.CreateAsync(
            SideProvider.Sqlite, "CREATE TABLE u (id INTEGER PRIMARY KEY, u TEXT, w INTEGER)", "INSERT INTO u VALUES (1, 'x', 0), (5, 'y', 0)");
        await sides.EnableBothAsync();
        await sides.LevelAsync();
        foreach (var side in new[] { sides.A, sides.B })
            await sides.RunAsync(side, "CREATE UNIQUE INDEX later ON u (u)");
        await sides.RunAsync(sides.A, "INSERT OR REPLACE INTO u VALUES (9, 'x', 0)", "UPDATE u SET u = 'z' WHERE id = 9");

        await sides.TransferToEqualAsync(["u"]);

        await sides.EnableBothAsync();
        await sides.LevelAsync();
    }

    [Fact]
    public async Task A_source_that_cannot_be_written_is_transferred_from_and_its_old_entries_are_told_of()
    {
        using var arena = new Arena(["CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"], wal: false);
        foreach (var side in new[] { arena.A, arena.B })
            await arena.Engine.EnableLogAsync(new EnableLogRequest { Side = side, SideName = side.Name!, Retention = TimeSpan.Zero }, Arena.Token);
        arena.Source.Run("INSERT INTO t VALUES (1, 'one')");
        using var writer = arena.Source.Open();
        SqliteFile.Run(writer, "PRAGMA locking_mode = NORMAL");
        SqliteFile.Run(writer, "BEGIN IMMEDIATE");

        var result = await arena.TransferAsync();

        Assert.Equal(StateTransferStatus.Completed, result.Status);
        Assert.Contains(result.Notes, n => n.Contains("Old entries of A", StringComparison.Ordinal));
        SqliteFile.Run(writer, "ROLLBACK");
        await arena.AssertEqualSidesAsync();
    }
}

/// <summary>What SQLite cannot do: its tables keep their keys.</summary>
public abstract class ServerLogCoverageTests(SideProvider make) : LogCoverageTests(make)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_table_whose_key_was_changed_is_not_served_by_entries_of_the_old_key(bool enabledAgain)
    {
        await using var sides = await TwoSides.CreateAsync(
            Make, "CREATE TABLE t1 (id bigint NOT NULL, k bigint NOT NULL, v integer, CONSTRAINT t1_pkey PRIMARY KEY (id))", "INSERT INTO t1 VALUES (1, 10, 0), (2, 2, 0), (3, 20, 0)");
        await sides.EnableBothAsync();
        await sides.LevelAsync();
        await sides.RunAsync(sides.A, "UPDATE t1 SET v = 9, k = 40 WHERE id = 2");
        foreach (var side in new[] { sides.A, sides.B })
            await sides.RunAsync(side, "ALTER TABLE t1 DROP CONSTRAINT t1_pkey", "ALTER TABLE t1 ADD PRIMARY KEY (k)");
        await sides.RunAsync(sides.A, "INSERT INTO t1 VALUES (20, 50, 0)");
        if (enabledAgain)
            await sides.EnableBothAsync();

        await sides.TransferToEqualAsync(["t1"]);

        await sides.EnableBothAsync();
        await sides.TransferToEqualAsync(["t1"]);
        await sides.LevelAsync();
    }
}

public sealed class SqlServerLogCoverageTests() : ServerLogCoverageTests(SideProvider.SqlServer)
{
    protected override string RenameNToT1 => "EXEC sp_rename 'n', 't1', 'OBJECT'";
}

public sealed class PostgreSqlLogCoverageTests() : ServerLogCoverageTests(SideProvider.PostgreSql)
{
    [Theory]
    [InlineData("ALTER TABLE q ATTACH PARTITION x FOR VALUES IN (2)")]
    [InlineData("ALTER TABLE q DETACH PARTITION q1")]
    [InlineData("DROP TABLE q1")]
    [InlineData("ALTER TABLE q DETACH PARTITION q1; DELETE FROM q1 WHERE v = 1; ALTER TABLE q ATTACH PARTITION q1 FOR VALUES IN (1)")]
    [InlineData("CREATE TABLE q3 PARTITION OF q FOR VALUES IN (3); INSERT INTO q VALUES (3, 3); TRUNCATE q3; INSERT INTO q VALUES (3, 4)")]
    public async Task Partitions_that_come_and_go_make_the_table_go_by_rows_until_it_is_enabled_again(string change)
    {
        await using var sides = await TwoSides.CreateAsync(
            SideProvider.PostgreSql,
            "CREATE TABLE q (k integer NOT NULL, v integer NOT NULL, PRIMARY KEY (k, v)) PARTITION BY LIST (k)", "CREATE TABLE q1 PARTITION OF q FOR VALUES IN (1)",
            "CREATE TABLE spare PARTITION OF q DEFAULT", "INSERT INTO q VALUES (1, 1), (1, 2)");
        await sides.EnableBothAsync("q");
        await sides.LevelAsync("q");
        await sides.RunAsync(sides.A, "CREATE TABLE x (k integer NOT NULL, v integer NOT NULL, PRIMARY KEY (k, v))", "INSERT INTO x VALUES (2, 2)", change);

        await sides.AssertEqualAsync(await sides.TransferAsync(tables: ["q"]), "q");

        await sides.EnableAsync(sides.A, "q");
        await sides.LevelAsync("q");
    }
}
