using LoggerCms.Core.Auditing;
using LoggerCms.CrashableFiles;

namespace LoggerCms.Core.Tests.Auditing;

/// <summary>The power goes at every operation of a queue's life, over many seeds.</summary>
public sealed class AuditQueueCrashTests
{
    private const string Folder = "/queue/audit";
    private const int Operations = 90;

    [Fact]
    public async Task Every_event_accepted_as_durable_is_stored_exactly_once_after_the_power_went()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            for (var at = 1; at <= Operations; at++)
            {
                var missing = await RoundAsync(seed, new CrashPlan { PowerLossAt = at });
                Assert.True(missing.Count == 0, $"Seed {seed}, operation {at}: {missing.Count} events are not stored once.");
            }
        }
    }

    [Fact]
    public async Task Events_survive_a_sync_that_failed_and_the_power_loss_after_it()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            for (var at = 1; at <= 8; at++)
            {
                var missing = await RoundAsync(seed, new CrashPlan { FailSyncAt = at, PowerLossAt = 40 });
                Assert.True(missing.Count == 0, $"Seed {seed}, failing sync {at}: {missing.Count} events are not stored once.");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_control_whose_syncs_do_nothing_loses_events(int lies)
    {
        var lost = 0;
        for (var seed = 0; seed < 12 && lost == 0; seed++)
        {
            for (var at = 1; at <= Operations && lost == 0; at++)
                lost += (await RoundAsync(seed, new CrashPlan { PowerLossAt = at, Lies = (Lies)lies })).Count;
        }

        Assert.NotEqual(0, lost);
    }

    /// <summary>Returns the accepted events that are not in the database exactly once in the end.</summary>
    private static async Task<List<Guid>> RoundAsync(int seed, CrashPlan plan)
    {
        var random = new Random(seed);
        var disk = new CrashableDisk(seed);
        disk.HasFolder("/queue");
        disk.Begin(plan);
        var database = new MemoryAuditDatabase();
        var accepted = new List<Guid>();
        var own = new List<AuditEvent>();
        try
        {
            await using var queue = AuditQueue.Open(disk, database, Events.Options(Folder), TimeProvider.System);
            for (var step = 0; step < 30; step++)
            {
                database.IsAway = random.Next(3) == 0;
                var events = Events.Some(random.Next(1, 5));
                switch (random.Next(4))
                {
                    case 0:
                        await queue.EnqueueAsync(events, durable: false, CancellationToken.None);
                        own.AddRange(events);
                        break;
                    case 1:
                        await queue.TryDrainAsync(CancellationToken.None);
                        break;
                    case 2:
                        await queue.MakeDurableAsync(CancellationToken.None);
                        accepted.AddRange(own.Select(e => e.Id));
                        own.Clear();
                        break;
                    default:
                        await queue.EnqueueAsync(events, durable: true, CancellationToken.None);
                        accepted.AddRange(events.Select(e => e.Id));
                        break;
                }
            }
        }
        catch (LoggerCmsException e) when (e.InnerException is PowerLossException)
        {
            // The operation was not answered: its events may be there or not.
        }

        database.IsAway = false;
        var after = disk.Survivor ?? disk.PullThePlug();
        await using var next = AuditQueue.Open(after, database, Events.Options(Folder), TimeProvider.System);

        // The node's own events come again out of its deltas.
        if (own.Count > 0)
            await next.EnqueueAsync(own, durable: false, CancellationToken.None);
        accepted.AddRange(own.Select(e => e.Id));
        Assert.True(await next.TryDrainAsync(CancellationToken.None));
        Assert.Empty(after.Paths);
        return [.. accepted.Where(id => !database.Stored.ContainsKey(id))];
    }
}
