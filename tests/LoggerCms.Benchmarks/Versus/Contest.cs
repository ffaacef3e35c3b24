using LoggerCms.Benchmarks.RunOne;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>What one run took.</summary>
/// <param name="Elapsed">The whole process, from its start to its end.</param>
/// <param name="Inside">The engine's call alone, for ours.</param>
/// <param name="PeakBytes">The most memory the process held, for ours.</param>
internal sealed record Sample(TimeSpan Elapsed, TimeSpan? Inside = null, long? PeakBytes = null);

/// <summary>The work did not come out as it should; nothing is claimed about its time.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);

/// <summary>One who does the work of a contest: ours or a peer.</summary>
internal sealed record Contestant
{
    public required string Name { get; init; }

    public bool IsOurs { get; init; }

    /// <summary>Why it cannot run here, or null.</summary>
    public string? NotRun { get; init; }

    /// <summary>Brings the data to the state before the work. Not timed.</summary>
    public Func<CancellationToken, Task> PrepareAsync { get; init; } = _ => Task.CompletedTask;

    public required Func<CancellationToken, Task<(Sample Sample, RunOneReport? Report)>> RunAsync { get; init; }

    /// <summary>Proves that the work was done, and says how. Not timed.</summary>
    public required Func<RunOneReport?, CancellationToken, Task<string>> CheckAsync { get; init; }
}

/// <param name="Ours">The name of one of ours.</param>
/// <param name="Peer">The name of a peer.</param>
/// <param name="Reach">What the ratio is to be at most, or null where it is only shown.</param>
/// <param name="ByInside">Judge by the engine's call rather than by whole processes.</param>
/// <param name="ReachMilliseconds">What the difference is to be at most, where that is what counts.</param>
internal sealed record Pairing(string Ours, string Peer, double? Reach, bool ByInside = false, double? ReachMilliseconds = null);

/// <summary>A piece of work and those who do it in turn.</summary>
internal sealed record Contest
{
    public required string Name { get; init; }

    public required string Work { get; init; }

    public required IReadOnlyList<Contestant> Contestants { get; init; }

    public required IReadOnlyList<Pairing> Pairings { get; init; }

    /// <summary>What ours may hold at most above the idle process.</summary>
    public long MemoryReachBytes { get; init; } = 256_000_000;

    /// <summary>A check, once and not timed, that both would also have noticed if the data had differed.</summary>
    public Func<CancellationToken, Task<string>>? ControlAsync { get; init; }
}
