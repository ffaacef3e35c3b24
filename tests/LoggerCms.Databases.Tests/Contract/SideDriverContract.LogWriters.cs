using LoggerCms.Databases.Tests.Makes;

namespace LoggerCms.Databases.Tests.Contract;

/// <summary>The log beside writers that know nothing of each other.</summary>
public abstract partial class SideDriverContract
{
    [Fact]
    public async Task Whatever_writers_do_at_once_no_claimed_position_misses_an_entry()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var (database, side) = await LoggedAsync(ItemTable());
        var promises = new List<(long Key, List<LogEntry> Entries)>();
        var writers = Task.WhenAll(Enumerable.Range(0, 4).Select(w => Task.Run(() => WriteAsync(database, w, new Random(seed + w)), Token)));
        while (!writers.IsCompleted)
        {
            var last = (await side.Log.GetStateAsync(Token)).LastUpdateKey!.Value;
            promises.Add((last, await side.Log.ReadAsync(null, 0, last, Token).ToListAsync(Token)));
        }

        await writers;
        var end = await side.Log.ReadAsync(null, 0, (await side.Log.GetStateAsync(Token)).LastUpdateKey!.Value, Token).ToListAsync(Token);
        Assert.NotEmpty(end);
        Assert.All(promises, p => Assert.Equal(end.Where(e => e.UpdateKey <= p.Key), p.Entries));
        Assert.Equal(await database.ScalarAsync("SELECT COUNT(*) FROM loggercms_log"), $"{end.Count}");
    }

    private async Task WriteAsync(TestDatabase database, int writer, Random random)
    {
        await using var connection = await database.ConnectAsync();
        for (var i = 0; i < 40; i++)
        {
            await TestDatabase.ExecuteAsync(connection, Make.BeginWrite);
            for (var row = random.Next(1, 4); row > 0; row--)
            {
                var insert = Item((writer * 1000) + (i * 10) + row, "x");
                foreach (var statement in random.Next(3) == 0 ? Make.InSavepoint(insert, keep: random.Next(2) == 0) : [insert])
                    await TestDatabase.ExecuteAsync(connection, statement);
            }

            await TestDatabase.ExecuteAsync(connection, random.Next(4) == 0 ? "ROLLBACK" : "COMMIT");
        }
    }
}
