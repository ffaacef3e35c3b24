using LoggerCms.Databases.Tests.Makes;
using LoggerCms.Databases.Tests.Support;
using Npgsql;

namespace LoggerCms.Databases.Tests.PostgreSql;

/// <summary>Others at work in the tables while they are hashed, and sessions that end in the middle.</summary>
public sealed class PostgreSqlHashRaceTests : PostgreSqlTest
{
    private const int RowCount = 40_000;

    private static readonly string[] Schema =
        ["CREATE TABLE item (id integer PRIMARY KEY, v text, w text) WITH (fillfactor = 80)", $"INSERT INTO item SELECT i, 'v' || i, repeat('w', i % 200) FROM generate_series(1, {RowCount}) i"];

    private static readonly string[] Damage = ["UPDATE item SET v = 'other' WHERE id % 1000 = 1", "DELETE FROM item WHERE id % 1000 = 2", "INSERT INTO item VALUES (-1, '', NULL), (-2, '', NULL)"];

    [Theory]
    [InlineData("UPDATE item SET v = v || '+'")]
    [InlineData("UPDATE item SET v = v || '+'", "UPDATE item SET v = rtrim(v, '+')", "VACUUM item")]
    [InlineData("DELETE FROM item", "VACUUM item", "INSERT INTO item SELECT i, 'after', '' FROM generate_series(1, 100000) i")]
    [InlineData("DELETE FROM item WHERE id % 2 = 0", "VACUUM FULL item")]
    [InlineData("UPDATE item SET w = w || 'x' WHERE id % 2 = 0", "CLUSTER item USING item_pkey")]
    [InlineData("REINDEX TABLE item", "ANALYZE item")]
    public async Task What_others_do_after_a_snapshot_began_does_not_change_what_its_hashes_say(params string[] statements)
    {
        var (a, b) = (await NewAsync(Schema), await NewAsync([.. Schema, .. Damage]));
        await using var ours = await (await OpenAsync(a)).SnapshotAsync(readers: 2);
        await using var theirs = await (await OpenAsync(b)).SnapshotAsync(readers: 2);
        foreach (var statement in statements)
            await TryAsync(b, statement);
        Check((await Hashing.ByHashesAsync(ours, theirs, Hashing.Pairs(ours, theirs)))[0].Comparison);

        // Once more, with the tables locked by what was read.
        foreach (var statement in statements)
            await TryAsync(b, statement);
        Check((await Hashing.ByHashesAsync(ours, theirs, Hashing.Pairs(ours, theirs)))[0].Comparison);
    }

    [Theory]
    [InlineData("VACUUM FULL item")]
    [InlineData("CLUSTER item USING item_pkey")]
    [InlineData("UPDATE item SET v = v || '+'")]
    [InlineData("ALTER TABLE item ALTER v TYPE varchar")]
    public async Task Places_stay_what_they_are_between_hashing_and_fetching(string statement)
    {
        var database = await NewAsync([.. Schema, .. Damage]);
        await using var snapshot = await (await OpenAsync(database)).SnapshotAsync(readers: 2);
        var (hasher, table) = ((IRowHasher)snapshot, snapshot.Table("item"));
        var before = Rows.ShowSorted(await snapshot.ReadAllAsync(table));
        var places = new List<long>();
        foreach (var range in await hasher.CutPlacesAsync(table, Token))
        {
            using var hashes = await hasher.HashAsync(table, range, Token);
            for (var i = 0; i < hashes.Rows; i++)
                places.Add(BitConverter.ToInt64(hashes[i][RowKeys.HashSize..]));
            await TryAsync(database, statement);
        }

        Assert.Equal(before, Rows.ShowSorted(await hasher.ReadAtAsync(table, places, Token).ToListAsync()));
    }

    [Fact]
    public async Task Writers_at_work_all_the_while_change_nothing_in_the_answer()
    {
        var (a, b) = (await NewAsync(Schema), await NewAsync([.. Schema, .. Damage]));
        await using var ours = await (await OpenAsync(a)).SnapshotAsync(readers: 2);
        await using var theirs = await (await OpenAsync(b)).SnapshotAsync(readers: 2);
        using var done = new CancellationTokenSource();
        var writers = new[] { a, b }.Select(async database =>
        {
            await using var connection = await database.ConnectAsync();
            for (var round = 0; !done.IsCancellationRequested; round++)
            {
                await TestDatabase.ExecuteAsync(connection, $"UPDATE item SET v = 'round {round}' WHERE id % 40 = {round % 40}");
                await TestDatabase.ExecuteAsync(connection, $"DELETE FROM item WHERE id % 977 = {round % 977}");
                if (round % 10 == 0)
                    await TestDatabase.ExecuteAsync(connection, "VACUUM item");
            }
        }).ToArray();
        try
        {
            for (var round = 0; round < 5; round++)
                Check((await Hashing.ByHashesAsync(ours, theirs, Hashing.Pairs(ours, theirs)))[0].Comparison);
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(writers);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_session_that_is_ended_in_the_middle_of_hashing_is_ConnectionLost_and_nobody_waits(bool ofTheSource)
    {
        var (a, b) = (await NewAsync(Schema), await NewAsync(Schema));
        await using var ours = await (await OpenAsync(a)).BeginSnapshotAsync(Waiting, Token);
        await using var theirs = await (await OpenAsync(b)).BeginSnapshotAsync(Waiting, Token);
        await using var held = await HoldAsync(ofTheSource ? a : b);
        var run = Hashing.ByHashesAsync(ours, theirs, Hashing.Pairs(ours, theirs));
        await WhenHashingAsync(ofTheSource ? a : b, run, "pg_terminate_backend(pid)");
        Assert.NotNull((await Sides.FailsAsync(ErrorCodes.ConnectionLost, () => run)).Side);
    }

    [Fact]
    public async Task A_statement_that_the_server_cancels_in_the_middle_of_hashing_is_a_typed_failure()
    {
        var (a, b) = (await NewAsync(Schema), await NewAsync(Schema));
        await using var ours = await (await OpenAsync(a)).BeginSnapshotAsync(Waiting, Token);
        await using var theirs = await (await OpenAsync(b)).BeginSnapshotAsync(Waiting, Token);
        await using var held = await HoldAsync(b);
        await using var alsoHeld = await HoldAsync(a);
        var run = Hashing.ByHashesAsync(ours, theirs, Hashing.Pairs(ours, theirs));
        await WhenHashingAsync(b, run, "pg_cancel_backend(pid)");

        // The other side is still in the middle of it, and is not waited for.
        await Sides.FailsAsync(ErrorCodes.DatabaseError, () => run);
    }

    [Fact]
    public async Task A_cancelled_comparison_ends_and_its_sessions_are_gone_from_the_server()
    {
        var (a, b) = (await NewAsync(Schema), await NewAsync(Schema));
        await using var held = await HoldAsync(a);
        await using var alsoHeld = await HoldAsync(b);
        using var stop = new CancellationTokenSource();
        await using (var sideA = await new PostgreSqlMake().Driver.OpenAsync(a.Connection, Token))
        await using (var sideB = await new PostgreSqlMake().Driver.OpenAsync(b.Connection, Token))
        {
            await using var ours = await sideA.BeginSnapshotAsync(Waiting, Token);
            await using var theirs = await sideB.BeginSnapshotAsync(Waiting, Token);
            var run = Hashing.ByHashesUntilAsync(ours, theirs, Hashing.Pairs(ours, theirs), stop.Token);
            await WhenHashingAsync(a, run, "pid");
            await WhenHashingAsync(b, run, "pid");
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        }

        foreach (var database in new[] { a, b })
            Assert.Equal("0", await UntilAsync(database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'LoggerCms'", "0"));
    }

    /// <summary>A snapshot whose every read of the table stops at a lock that a test can hold.</summary>
    private static SnapshotOptions Waiting => new()
    {
        Readers = 2,
        Profile = new SideProfile(
            [], new Dictionary<string, IReadOnlyList<string>>(), new Dictionary<string, string> { ["item"] = "pg_advisory_xact_lock_shared(7)::text IS NOT NULL" }),
    };

    private static async Task<System.Data.Common.DbConnection> HoldAsync(TestDatabase database)
    {
        var connection = await database.ConnectAsync();
        await TestDatabase.ExecuteAsync(connection, "SELECT pg_advisory_lock(7)");
        return connection;
    }

    private static void Check(TableComparison comparison)
        => Assert.Equal((RowCount / 1000, RowCount / 1000, 2, RowCount - (2 * RowCount / 1000)), (comparison.RowsDifferent, comparison.RowsOnlyInSource, comparison.RowsOnlyInDestination, comparison.RowsEqual));

    /// <summary>Runs a statement, or finds that our lock keeps it out.</summary>
    private static async Task TryAsync(TestDatabase database, string statement)
    {
        await using var connection = await database.ConnectAsync();
        await TestDatabase.ExecuteAsync(connection, "SET lock_timeout = 500");
        try
        {
            await TestDatabase.ExecuteAsync(connection, statement);
        }
        catch (PostgresException blocked) when (blocked.SqlState == "55P03")
        {
            Assert.Matches("VACUUM FULL|CLUSTER|REINDEX|ALTER", statement);
        }
    }

    /// <summary>Waits until one of our sessions in this database is hashing, and evaluates a call with its number.</summary>
    private static async Task WhenHashingAsync(TestDatabase database, Task run, string call)
    {
        var query = $"SELECT {call}::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory' AND query LIKE '%record_send%' LIMIT 1";
        while (await database.ScalarAsync(query) is null)
            Assert.False(run.IsCompleted, "Hashing was over before it could be disturbed.");
    }

    private static async Task<string?> UntilAsync(TestDatabase database, string query, string wanted)
    {
        for (var tries = 0; tries < 200; tries++)
        {
            if (await database.ScalarAsync(query) == wanted)
                return wanted;
        }

        return await database.ScalarAsync(query);
    }
}
