using LoggerCms.CrashableFiles;

namespace LoggerCms.Transfer.Tests.Crashes;

/// <summary>
/// The disk under the files of a transfer is full from any write on, or any sync of it fails. The transfer says so by type and leaves the
/// destination as it was, unless it had committed; afterwards there is a way on, also when the power goes in between, as it does every other time.
/// </summary>
public sealed class FileFaultTests(CrashSides sides) : IClassFixture<CrashSides>
{
    public static TheoryData<Scenario> Cases => [Scenario.RowsWithSpool, Scenario.FullStreamed, Scenario.NotConfirmed, Scenario.Resume, Scenario.Undo];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task A_disk_that_is_full_at_any_write_is_typed(Scenario scenario)
        => WalkAsync(scenario, at => new CrashPlan { FullAtWrite = at }, disk => disk.Writes, ErrorCodes.DiskFull);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task A_sync_that_fails_anywhere_is_typed(Scenario scenario)
        => WalkAsync(scenario, at => new CrashPlan { FailSyncAt = at }, disk => disk.Syncs, ErrorCodes.TempFolderUnusable);

    private async Task WalkAsync(Scenario scenario, Func<int, CrashPlan> plan, Func<CrashableDisk, int> count, string code)
    {
        var seed = Environment.TickCount & 0xFFFFFF;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        for (var at = 1; ; at++)
        {
            using var arena = new CrashArena(sides, seed + at);
            var work = await arena.PrepareAsync(scenario);
            var (from, to) = scenario == Scenario.Undo ? (arena.After, arena.Before) : (arena.Before, arena.After);
            arena.Disk.Begin(plan(at));
            LoggerCmsException? failure = null;
            StateTransferStatus? status = null;
            try
            {
                status = (await work()).Status;
            }
            catch (LoggerCmsException thrown)
            {
                failure = thrown;
            }

            var reached = count(arena.Disk) >= at;
            Assert.True(reached || failure is null, $"Seed {seed}, fault {at}: {failure}");
            if (failure is not null)
            {
                Assert.True(failure.Code == code, $"Seed {seed}, fault {at}: {failure}");
                Assert.NotEmpty(failure.Remedy);

                // Without a spool to write, only the folder of records and undo files is in need of room.
                if (scenario is Scenario.FullStreamed or Scenario.Resume or Scenario.Undo)
                    Assert.Contains("LOGGERCMS_HOME", failure.Remedy, StringComparison.Ordinal);
            }

            Assert.Equal(status == StateTransferStatus.Completed ? to : from, arena.Destination.Dump());
            arena.Disk.Begin(new CrashPlan());
            if ((seed + at) % 2 == 0)
            {
                arena.Disk.PullThePlug();
                arena.Restart();
            }
            else
            {
                arena.RestartEngine();
            }

            try
            {
                await Aftermath.CheckAsync(arena);
            }
            catch (Exception left) when (left is Xunit.Sdk.XunitException or LoggerCmsException or IOException)
            {
                Assert.Fail($"Seed {seed}, fault {at} of {scenario}: {left}");
            }

            if (!reached)
                return;
        }
    }
}
