namespace LoggerCms.Benchmarks.Versus;

/// <summary>All samples of one contestant, or why there are none.</summary>
internal sealed record ContestantResult(string Name, bool IsOurs, IReadOnlyList<Sample> Samples, string? Check, string? NotRun)
{
    public TimeSpan? Median => Samples.Count == 0 ? null : MedianOf([.. Samples.Select(s => s.Elapsed)]);

    public TimeSpan? InsideMedian => Samples.Count == 0 || Samples.Any(s => s.Inside is null) ? null : MedianOf([.. Samples.Select(s => s.Inside!.Value)]);

    public long? PeakBytes => Samples.Max(s => s.PeakBytes);

    private static TimeSpan MedianOf(TimeSpan[] values)
    {
        Array.Sort(values);
        return values.Length % 2 == 1 ? values[values.Length / 2] : (values[(values.Length / 2) - 1] + values[values.Length / 2]) / 2;
    }
}

internal sealed record ContestResult(Contest Contest, IReadOnlyList<ContestantResult> Contestants, string? Control)
{
    public ContestantResult this[string name] => Contestants.First(c => c.Name == name);

    /// <summary>Ours divided by the peer's, or null where one of them has no time.</summary>
    public double? Ratio(Pairing pairing)
    {
        var (ours, peer) = Medians(pairing);
        return ours / peer;
    }

    public bool? Met(Pairing pairing)
    {
        var (ours, peer) = Medians(pairing);
        return (pairing.Reach, pairing.ReachMilliseconds) switch
        {
            ({ } reach, _) when ours / peer is { } ratio => ratio <= reach,
            (_, { } milliseconds) when ours - peer is { } difference => difference.TotalMilliseconds <= milliseconds,
            _ => null,
        };
    }

    public (TimeSpan? Ours, TimeSpan? Peer) Medians(Pairing pairing)
    {
        var (ours, peer) = (this[pairing.Ours], this[pairing.Peer]);
        return pairing.ByInside ? (ours.InsideMedian, peer.InsideMedian) : (ours.Median, peer.Median);
    }
}
