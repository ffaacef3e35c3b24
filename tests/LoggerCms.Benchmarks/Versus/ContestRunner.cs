using System.Data.Common;
using System.Diagnostics;
using System.Globalization;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>Runs contests round by round, within a bound of time.</summary>
internal sealed class ContestRunner(VersusOptions options, TextWriter output)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<ContestResult> _results = [];
    private readonly List<string> _notRun = [];

    public IReadOnlyList<ContestResult> Results => _results;

    /// <summary>Contests that could not begin, and why.</summary>
    public IReadOnlyList<string> NotRun => _notRun;

    public TimeSpan Elapsed => _clock.Elapsed;

    public void Skip(IEnumerable<string> contests, string reason)
    {
        foreach (var contest in contests.Where(options.Wants))
        {
            _notRun.Add($"{contest}: {reason}");
            output.WriteLine(_notRun[^1]);
        }
    }

    /// <summary>Prepares and runs contests; where the preparation fails, those that did not run are named with the reason, and the run goes on.</summary>
    public async Task RunGroupAsync(IReadOnlyList<string> contests, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        if (!contests.Any(options.Wants))
            return;
        try
        {
            await work(cancellationToken);
        }
        catch (Exception failure) when (failure is CommandFailedException or IOException or DbException)
        {
            Skip(contests.Where(c => _results.All(r => r.Contest.Name != c)), $"not run: its preparation failed: {Report.OneLine(failure.Message)}");
        }
    }

    public async Task RunAsync(Contest contest, CancellationToken cancellationToken)
    {
        if (!options.Wants(contest.Name))
            return;
        output.WriteLine($"{contest.Name}: {contest.Work}");
        var contestants = options.MemoryOnly ? [.. contest.Contestants.Where(c => c.IsOurs)] : contest.Contestants;
        var samples = contestants.ToDictionary(c => c.Name, _ => new List<Sample>());
        var checks = new Dictionary<string, string>();
        var excluded = contestants.Where(c => c.NotRun is not null).ToDictionary(c => c.Name, c => c.NotRun!);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var left = options.Limit - _clock.Elapsed;
        limit.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);

        var rounds = options.MemoryOnly ? 1 : options.Rounds;
        for (var round = 0; round < rounds; round++)
        {
            // Every other round in reverse, so that nobody always finds the caches that another left.
            foreach (var contestant in round % 2 == 0 ? contestants : contestants.Reverse())
            {
                if (excluded.ContainsKey(contestant.Name))
                    continue;
                try
                {
                    await contestant.PrepareAsync(limit.Token);
                    var (sample, report) = await contestant.RunAsync(limit.Token);
                    checks[contestant.Name] = await contestant.CheckAsync(report, limit.Token);
                    samples[contestant.Name].Add(sample);
                    output.WriteLine($"  {contestant.Name}: {Report.Time(sample.Elapsed)}{(sample.Inside is { } inside ? $" (inside {Report.Time(inside)})" : null)}");
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    excluded[contestant.Name] = string.Create(
                        CultureInfo.InvariantCulture, $"not finished within the run's limit of {options.Limit.TotalMinutes:0} minutes");
                }
                catch (Exception failure) when (failure is CheckFailedException or CommandFailedException or TimeoutException)
                {
                    excluded[contestant.Name] = $"not run to a valid end: {Report.OneLine(failure.Message)}";
                }

                if (excluded.TryGetValue(contestant.Name, out var reason))
                    output.WriteLine($"  {contestant.Name}: {reason}");
            }
        }

        _results.Add(new ContestResult(
            contest,
            [.. contestants.Select(c => new ContestantResult(
                c.Name,
                c.IsOurs,
                excluded.ContainsKey(c.Name) ? [] : samples[c.Name],
                checks.GetValueOrDefault(c.Name),
                excluded.GetValueOrDefault(c.Name)))],
            options.MemoryOnly || contest.ControlAsync is null ? null : await ControlAsync(contest.ControlAsync, limit.Token)));
        foreach (var line in Report.Lines(_results[^1]))
            output.WriteLine("  " + line);
        output.WriteLine();
    }

    private static async Task<string> ControlAsync(Func<CancellationToken, Task<string>> control, CancellationToken cancellationToken)
    {
        try
        {
            return await control(cancellationToken);
        }
        catch (Exception failure) when (failure is CheckFailedException or CommandFailedException or OperationCanceledException)
        {
            return $"NOT SHOWN: {Report.OneLine(failure.Message)}";
        }
    }
}
