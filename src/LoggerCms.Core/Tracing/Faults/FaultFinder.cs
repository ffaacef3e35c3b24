namespace LoggerCms.Core.Tracing.Faults;

/// <summary>Reads each trace once, asks the rules about each, and then about each two of different sides.</summary>
internal sealed class FaultFinder(TimeProvider time)
{
    public async Task<IReadOnlyList<LoggerFault>> FindAsync(FaultRequest request, CancellationToken cancellationToken)
    {
        var traces = new List<TraceFacts>();
        foreach (var (paths, side) in new[] { (request.SideA, "A"), (request.SideB, "B"), (request.Path, null) })
        {
            foreach (var path in paths)
            {
                if (traces.Any(t => t.Path == path))
                    continue;
                traces.Add(await ReadAsync(path, side, cancellationToken).ConfigureAwait(false));
            }
        }

        NameSides(traces);
        return Judge(traces);
    }

    private async Task<TraceFacts> ReadAsync(string path, string? side, CancellationToken cancellationToken)
    {
        var facts = new TraceFacts(path, side);
        await foreach (var batch in new TraceReader(new TraceReadRequest { Path = path }, time).ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            foreach (var line in batch.Lines)
                facts.Add(line);
        }

        return facts;
    }

    /// <summary>A trace that does not say whose it is may have it in its name, or be the sender's of the only other one.</summary>
    private static void NameSides(List<TraceFacts> traces)
    {
        foreach (var trace in traces.Where(t => t is { Side: null, IsOwn: false }))
            trace.Side = SideHints.OfPath(trace.Path);
        if (traces is [var one, var other])
        {
            if (one.Side is null && one.KnownKeys.Count > 0 && other.Side is "A" or "B")
                one.Side = Opposite(other.Side);
            if (other.Side is null && other.KnownKeys.Count > 0 && one.Side is "A" or "B")
                other.Side = Opposite(one.Side);
        }
    }

    private static string Opposite(string side) => side == "A" ? "B" : "A";

    private static IReadOnlyList<LoggerFault> Judge(List<TraceFacts> traces)
    {
        var found = new List<LoggerFault>();
        foreach (var trace in traces)
            found.AddRange(TraceRules.All.SelectMany(rule => rule(trace)));

        var apart = new HashSet<(TraceFacts, TraceFacts)>();
        foreach (var (one, other) in Pairs(traces))
        {
            if (PairRules.DoNotBelongTogether(one, other) is { } stranger)
            {
                found.Add(stranger);
                apart.Add((one, other));
                continue;
            }

            found.AddRange(PairRules.All.Select(rule => rule(one, other)).OfType<LoggerFault>());
        }

        foreach (var receiver in traces)
        {
            var answered = traces.Any(sender => sender.SendingFailed is not null && sender != receiver && sender.Side != receiver.Side
                && !apart.Contains((sender, receiver)) && !apart.Contains((receiver, sender)));
            if (!answered && TraceRules.OnlyWaits(receiver) is { } waits)
                found.Add(waits);
        }

        return [.. found.OrderBy(f => f.Certainty)];
    }

    private static IEnumerable<(TraceFacts One, TraceFacts Other)> Pairs(List<TraceFacts> traces)
    {
        for (var i = 0; i < traces.Count; i++)
        {
            for (var j = i + 1; j < traces.Count; j++)
            {
                if (traces[i].Side is "A" or "B" && traces[j].Side is "A" or "B" && traces[i].Side != traces[j].Side)
                    yield return (traces[i], traces[j]);
            }
        }
    }
}
