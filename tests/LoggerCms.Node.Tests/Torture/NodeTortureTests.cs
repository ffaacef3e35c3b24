using LoggerCms.CrashableFiles;
using LoggerCms.Node.Tests.Support;

namespace LoggerCms.Node.Tests.Torture;

/// <summary>
/// Rounds of many lives of a node whose power goes at any operation. <c>LOGGERCMS_TEST_NODE_ROUNDS</c> sets how many rounds there are,
/// <c>LOGGERCMS_TEST_NODE_SEED</c> where the seeds begin. Clients and the node run side by side, so that a seed leads back to the same plan, not
/// always to the same order.
/// </summary>
public sealed class NodeTortureTests
{
    private static readonly int Rounds = NodeFixture.Number("LOGGERCMS_TEST_NODE_ROUNDS", 150);

    [Fact]
    public async Task What_was_acknowledged_is_there_once_after_crashes_again_and_again()
    {
        var failures = await RoundsAsync(Rounds, Lies.None, stopAtFirst: false, static () => (new SurvivingFake(), null));
        Assert.True(failures.Count == 0, $"{failures.Count} of {Rounds} rounds failed:{Environment.NewLine}{string.Join(Environment.NewLine, failures.Take(5))}");
    }

    [Fact]
    public async Task The_same_holds_with_a_system_database_in_a_file()
    {
        var rounds = Math.Max(10, Rounds / 15);
        var failures = await RoundsAsync(rounds, Lies.None, stopAtFirst: false, static () => new SurvivingFile() is var file ? (file, file) : default);
        Assert.True(failures.Count == 0, $"{failures.Count} of {rounds} rounds failed:{Environment.NewLine}{string.Join(Environment.NewLine, failures.Take(5))}");
    }

    [Theory]
    [InlineData(nameof(Lies.FileSync))]
    [InlineData(nameof(Lies.FolderSync))]
    public async Task The_same_rounds_are_not_survived_where_syncs_do_nothing(string lies)
    {
        var failures = await RoundsAsync(1000, Enum.Parse<Lies>(lies), stopAtFirst: true, static () => (new SurvivingFake(), null));
        TestContext.Current.TestOutputHelper?.WriteLine(failures.FirstOrDefault()?.Split(Environment.NewLine)[0] ?? "none");
        Assert.NotEmpty(failures);
    }

    private static async Task<List<string>> RoundsAsync(int rounds, Lies lies, bool stopAtFirst, Func<(ISurvivingDatabase, IDisposable?)> database)
    {
        var seed = NodeFixture.Number("LOGGERCMS_TEST_NODE_SEED", Environment.TickCount & 0xFFFFFF);
        var output = TestContext.Current.TestOutputHelper;
        output?.WriteLine($"LOGGERCMS_TEST_NODE_SEED={seed}");
        var failures = new List<string>();
        var (acknowledged, unknown, failed, starts, losses, stops, reconciled) = (0, 0, 0, 0, 0, 0, 0L);
        Dictionary<string, int> codes = [];
        for (var i = 0; i < rounds; i++)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            var (survives, disposable) = database();
            using (disposable)
            {
                var round = new NodeRound(seed + i, lies, survives);
                try
                {
                    await round.RunAsync(new Random(seed + i).Next(1, 8));
                }
                catch (Exception failure)
                {
                    failures.Add($"seed {seed + i}, start {round.Starts}: {failure}{Environment.NewLine}{string.Join(Environment.NewLine, round.Story)}");
                    if (stopAtFirst)
                        return failures;
                }

                (acknowledged, unknown, failed) = (acknowledged + round.Notes.Acknowledged, unknown + round.Notes.Unknown, failed + round.Notes.Failed);
                (starts, losses, stops, reconciled) = (starts + round.Starts, losses + round.PowerLosses, stops + round.CleanStops, reconciled + round.Reconciled);
                foreach (var code in round.Notes.Codes)
                    codes[code] = codes.GetValueOrDefault(code) + 1;
            }
        }

        output?.WriteLine($"{acknowledged} acknowledged, {unknown} unknown, {failed} failed; {starts} starts, {losses} power losses, {stops} clean stops, {reconciled} records reconciled");
        output?.WriteLine(string.Join(", ", codes.OrderByDescending(c => c.Value).Select(c => $"{c.Key} {c.Value}")));
        Assert.True(acknowledged > 10 * rounds && reconciled > rounds && losses > rounds / 2 && stops > rounds / 2, "The rounds did too little.");
        return failures;
    }
}
