using LoggerCms.Core.Deltas;
using LoggerCms.CrashableFiles;
using static LoggerCms.Core.Tests.Deltas.JournalFixture;

namespace LoggerCms.Core.Tests.Deltas;

/// <summary>
/// Many lives of journals on a disk that loses its power, is full or fails a sync at any operation. <c>LOGGERCMS_TEST_CRASH_ROUNDS</c> sets how
/// many hundred rounds there are, <c>LOGGERCMS_TEST_CRASH_SEED</c> where the seeds begin.
/// </summary>
public sealed class JournalCrashTests
{
    private static readonly int Rounds = Number("LOGGERCMS_TEST_CRASH_ROUNDS", 1) * 100;

    public static TheoryData<string> Controls => [nameof(Lies.FileSync), nameof(Lies.FolderSync), nameof(Lies.Both)];

    [Fact]
    public async Task What_was_acknowledged_is_there_once_and_in_order_after_crashes_again_and_again()
    {
        var failures = await RoundsAsync(Rounds, Lies.None, stopAtFirst: false);
        Assert.True(failures.Count == 0, $"{failures.Count} of {Rounds} rounds failed: {string.Join(Environment.NewLine, failures.Take(5))}");
    }

    [Theory]
    [MemberData(nameof(Controls))]
    public async Task The_same_rounds_are_not_survived_where_syncs_do_nothing(string lies)
    {
        var failures = await RoundsAsync(2000, Enum.Parse<Lies>(lies), stopAtFirst: true);
        TestContext.Current.TestOutputHelper?.WriteLine(failures.FirstOrDefault() ?? "none");
        Assert.NotEmpty(failures);
    }

    [Fact]
    public async Task A_crash_at_any_operation_of_a_trim_or_a_clean_stop_never_leaves_a_gap()
    {
        var seed = Seed();
        for (var at = 1; ; at++)
        {
            var disk = NewDisk(seed + at);
            var journal = DeltaJournal.Create(disk, Folder, Header(), Small with { MakeAhead = false, MarkAfter = TimeSpan.FromHours(1) });
            await journal.AppendManyAsync(1, 250);
            disk.Begin(new CrashPlan { PowerLossAt = at });
            try
            {
                await journal.TrimAsync(120);
                await journal.CloseAsync(removeAll: true);
            }
            catch (LoggerCmsException) when (disk.Survivor is not null)
            {
                // The process died with the machine.
            }

            if (disk.Survivor is not { } survivor)
            {
                Assert.True(at > 10, "The trim did nothing.");
                Assert.Empty(Segments(disk));
                return;
            }

            await journal.DisposeAsync();
            var keys = Keys(survivor);
            Assert.True(keys.Count == 0 || (keys[^1] == 250 && keys.Count == 251 - keys[0]), $"Seed {seed}, operation {at}: {keys.Count} keys, {keys.FirstOrDefault()} to {keys.LastOrDefault()}");
        }
    }

    private static async Task<List<string>> RoundsAsync(int rounds, Lies lies, bool stopAtFirst)
    {
        var seed = Seed();
        var failures = new List<string>();
        var (acknowledged, failed) = (0, 0);
        for (var i = 0; i < rounds; i++)
        {
            var random = new Random(seed + i);
            var round = new JournalRound(seed + i);
            try
            {
                for (var life = random.Next(1, 4); life > 0; life--)
                {
                    var from = round.NextKey;
                    await round.LiveAsync(Plan(random, lies), random.Next(1, 60));
                    round.Check();
                    round.CheckNoGap(from);
                }
            }
            catch (Exception failure) when (failure is Xunit.Sdk.XunitException or LoggerCmsException or IOException)
            {
                failures.Add($"seed {seed + i}: {failure.Message} {failure.StackTrace}");
                if (stopAtFirst)
                    return failures;
            }

            acknowledged += round.Acknowledged;
            failed += round.Failed;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{acknowledged} acknowledged, {failed} failed or unknown");
        Assert.True(acknowledged > rounds, "Hardly anything was acknowledged.");
        return failures;
    }

    private static CrashPlan Plan(Random random, Lies lies) => new()
    {
        PowerLossAt = random.Next(4) == 0 ? CrashPlan.Never : random.Next(1, 150),
        FailSyncAt = random.Next(3) == 0 ? random.Next(1, 30) : CrashPlan.Never,
        FullAtWrite = random.Next(3) == 0 ? random.Next(1, 60) : CrashPlan.Never,
        Lies = lies,
    };

    private static int Seed()
    {
        var seed = Number("LOGGERCMS_TEST_CRASH_SEED", Environment.TickCount & 0xFFFFFF);
        TestContext.Current.TestOutputHelper?.WriteLine($"LOGGERCMS_TEST_CRASH_SEED={seed}");
        return seed;
    }
}
