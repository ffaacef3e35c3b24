namespace LoggerCms.Core.Tests.Security;

/// <summary>Rounds of something random, each from its own seed, which a failure names.</summary>
internal static class SeededRounds
{
    public static void Run(int rounds, Action<Random> round)
    {
        var first = Environment.TickCount;
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
