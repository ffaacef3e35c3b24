using System.Globalization;

namespace LoggerCms.Core.Tracing.Faults;

/// <summary>What the traces of two sides tell together.</summary>
internal static class PairRules
{
    /// <summary>Clocks of two sides may stand in different zones; traces further apart than that cannot be of one time.</summary>
    private static readonly TimeSpan FarthestZones = TimeSpan.FromHours(26);

    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(10);

    public static IReadOnlyList<Func<TraceFacts, TraceFacts, LoggerFault?>> All { get; } = [Checksum, Schema, SortOrder];

    /// <summary>Why the two cannot be of one incident; null where nothing speaks against it.</summary>
    public static LoggerFault? DoNotBelongTogether(TraceFacts one, TraceFacts other)
        => ByKeys(one, other) ?? ByKeys(other, one) ?? ByTimes(one, other);

    /// <summary>The sender names the last key of each side; the receiver names its own when it starts.</summary>
    private static LoggerFault? ByKeys(TraceFacts sender, TraceFacts receiver)
    {
        if (receiver.Side is not { } side || sender.IsOwn || receiver.IsOwn)
            return null;
        var told = sender.KnownKeys.Where(k => k.Side.Equals(side, StringComparison.OrdinalIgnoreCase)).ToList();
        var had = receiver.Checksums.Where(c => c.UpdateKey is not null).ToList();
        if (told.Count == 0 || had.Count == 0 || told.Any(k => had.Any(c => c.UpdateKey == k.Key)))
            return null;
        var (key, checksum) = (told[^1], had[^1]);
        return Fault(
            FaultCertainty.Certain,
            string.Create(
                CultureInfo.InvariantCulture,
                $"These traces are not of one incident: side {side} had update key {checksum.UpdateKey} when it asked for the state, and the sender knew {key.Key} as its last one.{TimesOfDay(checksum.Line, key.Line)}"),
            sender,
            receiver,
            new Evidence(checksum.Line, key.Line));
    }

    private static LoggerFault? ByTimes(TraceFacts one, TraceFacts other)
    {
        if (one is not { First.Time: { } oneFirst, Last.Time: { } oneLast } || other is not { First.Time: { } otherFirst, Last.Time: { } otherLast }
            || one.IsOwn || other.IsOwn || one.Side == other.Side)
        {
            return null;
        }

        var known = one.First.UtcOffset is not null && other.First.UtcOffset is not null;
        if (known)
        {
            (oneFirst, oneLast) = (oneFirst - one.First.UtcOffset!.Value, oneLast - (one.Last.UtcOffset ?? one.First.UtcOffset).Value);
            (otherFirst, otherLast) = (otherFirst - other.First.UtcOffset!.Value, otherLast - (other.Last.UtcOffset ?? other.First.UtcOffset).Value);
        }

        var gap = oneFirst > otherLast ? oneFirst - otherLast : otherFirst - oneLast;
        if (gap <= (known ? Slack : FarthestZones))
            return null;
        return Fault(
            known ? FaultCertainty.Certain : FaultCertainty.Likely,
            string.Create(
                CultureInfo.InvariantCulture,
                $"These traces are not of one time: one ends {gap.TotalHours:0.0} hours before the other begins{(known ? string.Empty : ", whatever zones their clocks stand in")}."),
            one,
            other,
            new Evidence(one.First, one.Last, other.First, other.Last));
    }

    private static string TimesOfDay(LoggerTraceLine one, LoggerTraceLine other)
        => one.Time is null && other.Time is null && one.TimeOfDay is { } a && other.TimeOfDay is { } b && (a - b).Duration() > Slack
            ? $@" Nor do their times of day agree ({a:hh\:mm\:ss} and {b:hh\:mm\:ss}), unless the clocks stand in different zones."
            : string.Empty;

    private static LoggerFault? Checksum(TraceFacts one, TraceFacts other)
    {
        foreach (var a in Enumerable.Reverse(one.Checksums))
        {
            // Only under the same key do the figures say anything: a side that is behind has others.
            if (a.UpdateKey is null || other.Checksums.LastOrDefault(c => c.UpdateKey == a.UpdateKey) is not { } b)
                continue;
            if (a.Checksum == b.Checksum && a.Rows == b.Rows && a.Bytes == b.Bytes)
                return null;
            return Fault(
                one,
                other,
                FaultCauses.ChecksumDiffers,
                FaultCertainty.Certain,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"At the same update key {a.UpdateKey} the sides' configurations differ: {a.Rows} rows, {a.Bytes} bytes, checksum {a.Checksum} on one, {b.Rows} rows, {b.Bytes} bytes, checksum {b.Checksum} on the other."),
                "See which rows differ, decide which side is right, and bring the other to its state.",
                "Compare-SideState -Source (Read-Host 'Connection of the good side') -Destination (Read-Host 'Connection of the other side') -Detailed",
                new Evidence(a.Line, b.Line));
        }

        return null;
    }

    private static LoggerFault? Schema(TraceFacts one, TraceFacts other)
    {
        var (a, b) = (FactText.SchemaVersion(one.SchemaOfDatabase), FactText.SchemaVersion(other.SchemaOfDatabase));
        return a is null || b is null || a == b
            ? null
            : Fault(
                one,
                other,
                FaultCauses.SchemaVersionDiffers,
                FaultCertainty.Certain,
                $"The sides' databases have different schema versions: {a} and {b}.",
                "Bring both databases to one version before any state is transferred.",
                "Get-SideState -Side (Read-Host 'Connection of side A'), (Read-Host 'Connection of side B') | Select-Object Side, SchemaVersion",
                new Evidence(one.SchemaOfDatabase!, other.SchemaOfDatabase!));
    }

    private static LoggerFault? SortOrder(TraceFacts one, TraceFacts other)
    {
        var (a, b) = (FactText.SortOrder(one.SortOrder), FactText.SortOrder(other.SortOrder));
        return a is null || b is null || a == b
            ? null
            : Fault(
                one,
                other,
                FaultCauses.SortOrderDiffers,
                FaultCertainty.Certain,
                $"The sides' SQL Servers sort differently: {a} and {b}.",
                "Rebuild one side's database under the sort order of the other.",
                "Get-SideState -Side (Read-Host 'Connection of side A'), (Read-Host 'Connection of side B') | Select-Object Side, SortOrder",
                new Evidence(one.SortOrder!, other.SortOrder!));
    }

    private static LoggerFault Fault(
        TraceFacts one, TraceFacts other, string cause, FaultCertainty certainty, string message, string remedy, string command, Evidence evidence)
        => TraceRules.Fault(one, cause, nameof(StateTransferPhase.CheckCompatibility), certainty, message, remedy, command, Sources.Concluded, evidence) with
        {
            Side = one.Side == other.Side ? one.Side : $"{one.Side}, {other.Side}",
        };

    private static LoggerFault Fault(FaultCertainty certainty, string message, TraceFacts one, TraceFacts other, Evidence evidence)
        => Fault(
            one,
            other,
            FaultCauses.TracesDoNotBelongTogether,
            certainty,
            message,
            "Get the traces of both sides for the same minutes. What each says alone still holds; nothing is concluded from the two together.",
            $"Get-LoggerTrace -Path {TraceFile.Quote(one.Path)}, {TraceFile.Quote(other.Path)} | Group-Object Path | Select-Object Name, @{{ n = 'First'; e = {{ $_.Group[0].TimeOfDay }} }}, @{{ n = 'Last'; e = {{ $_.Group[-1].TimeOfDay }} }}",
            evidence) with
        { Source = Sources.Concluded, Phase = "Run" };
}
