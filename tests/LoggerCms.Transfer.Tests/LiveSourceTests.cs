namespace LoggerCms.Transfer.Tests;

/// <summary>A source that is written all the time, and more than one engine at work.</summary>
public sealed class LiveSourceTests
{
    [Theory]
    [InlineData(StateTransferMode.Rows, SpoolMode.File)]
    [InlineData(StateTransferMode.Rows, SpoolMode.None)]
    [InlineData(StateTransferMode.Full, SpoolMode.File)]
    [InlineData(StateTransferMode.Full, SpoolMode.None)]
    public async Task A_destination_is_one_state_of_a_source_that_is_written_all_the_time(StateTransferMode mode, SpoolMode spool)
    {
        // Every commit moves one unit between two rows of different tables and counts up: any one state sums to zero and has one count everywhere.
        using var arena = new Arena(["CREATE TABLE a (id INTEGER PRIMARY KEY, v INTEGER, n INTEGER)", "CREATE TABLE b (id INTEGER PRIMARY KEY, v INTEGER, n INTEGER)"]);
        foreach (var table in new[] { "a", "b" })
            arena.Source.Run($"WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i WHERE x < 500) INSERT INTO {table} SELECT x, 0, 0 FROM i");
        arena.Destination.Run("INSERT INTO a VALUES (1, 5, 5), (9999, 5, 5)");
        using var stop = new CancellationTokenSource();
        var commits = 0L;
        var writer = Task.Run(
            () =>
            {
                using var connection = arena.Source.Open();
                var random = new Random(7);
                while (!stop.IsCancellationRequested)
                {
                    SqliteFile.Run(connection, "BEGIN IMMEDIATE");
                    SqliteFile.Run(connection, $"UPDATE a SET v = v - 1 WHERE id = {random.Next(1, 501)}");
                    SqliteFile.Run(connection, $"UPDATE b SET v = v + 1 WHERE id = {random.Next(1, 501)}");
                    SqliteFile.Run(connection, $"UPDATE a SET n = {++commits} WHERE id = 1");
                    SqliteFile.Run(connection, $"UPDATE b SET n = {commits} WHERE id = 1");
                    SqliteFile.Run(connection, "COMMIT");
                }
            },
            Arena.Token);
        try
        {
            for (var round = 0; round < 3; round++)
            {
                var result = await arena.TransferAsync(arena.With(mode, spool));

                Assert.Equal(StateTransferStatus.Completed, result.Status);
                Assert.True(result.Equal);
                Assert.Equal(0, arena.Destination.Scalar("SELECT (SELECT sum(v) FROM a) + (SELECT sum(v) FROM b)"));
                Assert.Equal(1, arena.Destination.Scalar("SELECT (SELECT n FROM a WHERE id = 1) = (SELECT n FROM b WHERE id = 1)"));
                Assert.Equal(1000, arena.Destination.Scalar("SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b)"));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await writer;
        }

        Assert.True(Interlocked.Read(ref commits) > 0);
        await arena.TransferAsync(arena.With(mode, spool));
        await arena.AssertEqualSidesAsync();
    }

    [Fact]
    public async Task Two_engines_transfer_into_two_destinations_at_once()
    {
        using var arena = new Arena(Data.Schema);
        Data.Fill(arena.Source, seed: 70);
        Data.Fill(arena.Destination, seed: 70);
        Data.Damage(arena.Destination);
        var third = SqliteFile.Create(arena.At("c.db"), wal: true, Data.Schema);

        var results = await Task.WhenAll(
            arena.TransferAsync(arena.With(StateTransferMode.Rows)),
            arena.NewEngine().TransferAsync(arena.With(StateTransferMode.Full) with { Destination = new SideConnection(third.Path) }, null, Arena.Token));

        Assert.All(results, r => Assert.Equal(StateTransferStatus.Completed, r.Status));
        await arena.AssertEqualSidesAsync();
        Assert.Equal(arena.Source.Dump(), third.Dump());
    }
}
