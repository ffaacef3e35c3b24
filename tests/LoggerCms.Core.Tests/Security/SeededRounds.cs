namespace LoggerCms.Core.Tests.Security;

/// <summary>
/// Rounds of something random, each from its own seed, which a failure names. A third of them is run, and every run has other seeds;
/// <c>LOGGERCMS_TEST_SEEDED_THIRDS=3</c> runs all.
/// </summary>
internal static class SeededRounds
{
    private static readonly int Thirds = int.TryParse(Environment.GetEnvironmentVariable("LOGGERCMS_TEST_SEEDED_THIRDS"), out var given) ? given : 1;

    public static void Run(int rounds, Action<Random> round)
    {
        var first = Environment.TickCount;
        rounds = rounds * Thirds / 3;
        for (var seed = first; seed != unchecked(first + rounds); seed = unchecked(seed + 1))
        {
            try
            {
                round(new Random(seed));
            }
            catch (Exception exception)
            {
                Assert.Fail($"Seed {seed}: {exception}");
            }
        }
    }
}
