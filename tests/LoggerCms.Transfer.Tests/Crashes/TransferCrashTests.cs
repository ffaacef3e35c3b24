using System.Globalization;
using LoggerCms.CrashableFiles;

namespace LoggerCms.Transfer.Tests.Crashes;

/// <summary>
/// The power goes at every operation on the files of a transfer, and any part of what was not synced is lost. <c>LOGGERCMS_TEST_CRASH_ROUNDS</c>
/// sets how many seeds each point gets, <c>LOGGERCMS_TEST_CRASH_SEED</c> where they begin.
/// </summary>
public sealed class TransferCrashTests(CrashSides sides) : IClassFixture<CrashSides>
{
    private static readonly int Rounds = Number("LOGGERCMS_TEST_CRASH_ROUNDS", 1);

    public static TheoryData<Scenario> Scenarios => [.. Enum.GetValues<Scenario>()];

    public static MatrixTheoryData<Scenario, string> Controls => new([Scenario.RowsWithSpool, Scenario.Undo], [nameof(Lies.FileSync), nameof(Lies.FolderSync), nameof(Lies.Both)]);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task A_crash_at_any_operation_leaves_the_state_before_or_after_and_the_way_on_or_back(Scenario scenario)
    {
        var (crashes, failures) = await WalkAsync(scenario, Lies.None);
        Assert.True(failures.Count == 0, $"{failures.Count} of {crashes} crashes failed: {string.Join(Environment.NewLine, failures.Take(5))}");
        Assert.True(crashes >= Rounds, "No operation was reached.");
    }

    [Theory]
    [MemberData(nameof(Controls))]
    public async Task The_same_crashes_are_not_survived_where_syncs_do_nothing(Scenario scenario, string lies)
    {
        var (crashes, failures) = (0, new List<string>());
        for (var walk = 0; walk < 8 && failures.Count == 0; walk++)
            (crashes, failures) = await WalkAsync(scenario, Enum.Parse<Lies>(lies), walk);
        TestContext.Current.TestOutputHelper?.WriteLine($"failed after {crashes} crashes: {failures.FirstOrDefault()}");
        Assert.NotEmpty(failures);
    }

    private async Task<(int Crashes, List<string> Failures)> WalkAsync(Scenario scenario, Lies lies, int walk = 0)
    {
        var first = Number("LOGGERCMS_TEST_CRASH_SEED", Environment.TickCount & 0xFFFFFF);
        TestContext.Current.TestOutputHelper?.WriteLine($"LOGGERCMS_TEST_CRASH_SEED={first} LOGGERCMS_TEST_CRASH_ROUNDS={Rounds}");
        var crashes = 0;
        var failures = new List<string>();
        for (var point = 1; ; point++)
        {
            for (var round = walk * Rounds; round < (walk + 1) * Rounds; round++)
            {
                using var arena = new CrashArena(sides, first + (point * 1000) + round);
                if (!await CrashAsync(arena, scenario, new CrashPlan { PowerLossAt = point, Lies = lies }))
                    return (crashes, failures);
                crashes++;
                var where = $"{scenario}, seed {first}, round {round}, operation {point} ({arena.Disk.Operations[^1]})";
                arena.Restart();
                try
                {
                    await Aftermath.CheckAsync(arena);
                }
                catch (Exception failure) when (failure is Xunit.Sdk.XunitException or LoggerCmsException or IOException)
                {
                    failures.Add($"{where}: {failure.Message} {failure.StackTrace}");
                    if (lies != Lies.None)
                        return (crashes, failures);
                }
            }
        }
    }

    /// <returns>False where the work ended before the power went.</returns>
    private static async Task<bool> CrashAsync(CrashArena arena, Scenario scenario, CrashPlan plan)
    {
        var work = await arena.PrepareAsync(scenario);
        arena.Disk.Begin(plan);
        try
        {
            await work();
        }
        catch (Exception failure) when (arena.Disk.Survivor is not null && failure is LoggerCmsException or PowerLossException)
        {
            // The process died with the machine; what it said does not matter.
        }

        return arena.Disk.Survivor is not null;
    }

    private static int Number(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
