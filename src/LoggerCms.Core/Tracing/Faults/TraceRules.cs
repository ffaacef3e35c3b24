using System.Globalization;

namespace LoggerCms.Core.Tracing.Faults;

/// <summary>What one trace as a whole tells. Each rule is a method; <see cref="All"/> lists them.</summary>
internal static class TraceRules
{
    /// <summary>So many waits, ten seconds apart, are beyond what a transfer that goes well needs.</summary>
    private const int ManyWaits = 6;

    public static IReadOnlyList<Func<TraceFacts, IEnumerable<LoggerFault>>> All { get; } =
        [NoTrace, Lines, OwnFailures, Assertions, MemoryState, SchemaOfOneSide];

    /// <summary>A receiver that only waits; asked for apart, because the sender's trace may answer it.</summary>
    public static LoggerFault? OnlyWaits(TraceFacts facts)
    {
        if (facts.Receiving is not { Begun: { } begun, Waits: { } waits, WentOn: false } receiving)
            return null;
        var sender = facts.Side switch
        {
            "A" => "B",
            "B" => "A",
            _ => null,
        };
        var isLong = receiving.BrokeOff || waits.Count >= ManyWaits;
        var own = TraceFile.Quote(facts.Path);
        var ask = $"(Read-Host 'Path of the trace of {(sender is null ? "the other side" : $"side {sender}")}')";
        return Fault(
            facts,
            FaultCauses.SenderTraceNeeded,
            "Receive",
            isLong ? FaultCertainty.Certain : FaultCertainty.Likely,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The receiver asked for the state and then only waited ({waits.Count} lines{(receiving.BrokeOff ? ", until it started anew" : string.Empty)}). That tells nothing of the cause: it stands in the trace of the Logger that sends."),
            $"Get the trace of the lgr process on {(sender is null ? "the other side" : $"side {sender}")} for the same minutes (on that Logger: dumplog lgr), and look into both together.",
            facts.Side switch
            {
                "A" => $"Find-LoggerFault -SideA {own} -SideB {ask}",
                "B" => $"Find-LoggerFault -SideA {ask} -SideB {own}",
                _ => $"Find-LoggerFault -Path {own}, {ask}",
            },
            Sources.Synchronize,
            new Evidence(begun, waits.First, waits.Last));
    }

    public static LoggerFault Fault(
        TraceFacts facts, string cause, string phase, FaultCertainty certainty, string message, string remedy, string command, string source, Evidence evidence) => new()
        {
            Cause = cause,
            Side = facts.Side,
            Phase = phase,
            Certainty = certainty,
            Message = message,
            Evidence = evidence.ToTexts(),
            Path = evidence.First.Path,
            Line = evidence.First.Line,
            Remedy = remedy,
            RemedyCommand = command,
            Source = source,
        };

    private static IEnumerable<LoggerFault> NoTrace(TraceFacts facts)
    {
        if (facts.Messages > 0)
            yield break;
        yield return new LoggerFault
        {
            Cause = FaultCauses.NotATrace,
            Side = facts.Side,
            Phase = "Run",
            Certainty = FaultCertainty.Certain,
            Message = facts.Lines == 0 ? $"'{facts.Path}' is empty." : $"'{facts.Path}' holds no line that begins with a time, as the lines of a trace do.",
            Path = facts.Path,
            Remedy = "Give a trace as text: what a process window showed, the output of dumplog, or the syslog feed. Binary .ems files must go through dumplog first.",
            RemedyCommand = $"Get-LoggerTrace -LiteralPath {TraceFile.Quote(facts.Path)} -Tail 5",
            Source = "What was read",
        };
    }

    private static IEnumerable<LoggerFault> Lines(TraceFacts facts)
        => facts.Matches.Select(match => facts.IsOwn && match.Rule.Phase == nameof(StateTransferPhase.PrepareToSend) ? OwnTemp(facts, match.Rule, match.Lines) : Fault(
            facts,
            match.Rule.Cause,
            match.Rule.Phase,
            match.Rule.Certainty,
            match.Rule.Message + Times(match.Lines.Count),
            match.Rule.Remedy,
            match.Rule.Command,
            match.Rule.Source,
            match.Lines));

    /// <summary>The cause of a transfer of this module, which names the folder, and as its trace names the remedy.</summary>
    private static LoggerFault OwnTemp(TraceFacts facts, LineRule rule, Evidence lines)
    {
        var failure = TempFailure(facts);
        return Fault(
            facts,
            rule.Cause,
            rule.Phase,
            rule.Certainty,
            $"The sender could not make its spool: {failure?.Message ?? lines.First.Message}",
            failure?.Remedy ?? "Repair the folder, or name another with -TempPath; the transfer went on without a spool.",
            OwnFailure.CheckFolder(failure?.Message ?? lines.First.Message, facts.OwnAccount),
            Sources.Own,
            lines) with
        { Side = failure?.Side };
    }

    private static OwnFailure? TempFailure(TraceFacts facts)
        => facts.OwnFailures.FirstOrDefault(f => f.Code is ErrorCodes.TempFolderUnusable or ErrorCodes.DiskFull);

    private static IEnumerable<LoggerFault> OwnFailures(TraceFacts facts)
    {
        // What the lines have told already is not told again.
        var told = facts.Matches.Any(m => m.Rule.Phase == nameof(StateTransferPhase.PrepareToSend)) ? TempFailure(facts) : null;
        return facts.OwnFailures.Where(f => f != told).Select(f => f.ToFault(facts.OwnAccount));
    }

    private static IEnumerable<LoggerFault> Assertions(TraceFacts facts)
    {
        foreach (var assertion in facts.Assertions)
        {
            if (LineRules.All.Any(r => r.Group == "assertion" && r.Matches(assertion.Lines.First.Message)))
                continue;
            var loops = assertion.Restarted;
            yield return Fault(
                facts,
                loops ? FaultCauses.AssertionLoop : FaultCauses.AssertionFailed,
                "Run",
                FaultCertainty.Certain,
                loops
                    ? $"A process asserts, starts anew and asserts again ({assertion.Lines.Count} times): {assertion.Expression}."
                    : $"A process has asserted: {assertion.Expression}.{Times(assertion.Lines.Count)}",
                "The lines before the assertion tell more. Compare the configuration of both sides; where it is equal, take both traces to whoever supports the Logger.",
                $"Get-LoggerTrace -LiteralPath {TraceFile.Quote(facts.Path)} | Where-Object Line -le {assertion.Lines.First.Line.ToString(CultureInfo.InvariantCulture)} | Select-Object -Last 50",
                Sources.Unexplained,
                assertion.Lines);
        }
    }

    private static IEnumerable<LoggerFault> MemoryState(TraceFacts facts)
    {
        if (facts is not { ConfigSynchronized: { } level, SendingFailed: { } failed })
            yield break;
        yield return Fault(
            facts,
            FaultCauses.MemoryStateNotTransferred,
            nameof(StateTransferPhase.Send),
            FaultCertainty.Certain,
            "The configuration database of the receiver was brought level, and then the state in memory was not sent. Equal databases do not mean that the receiver is in step.",
            "Repair what kept the sender from sending, and let the receiver ask again. Comparing the databases will show no difference.",
            "Compare-SideState -Source (Read-Host 'Connection of the sending side') -Destination (Read-Host 'Connection of the receiving side')",
            Sources.Synchronize,
            new Evidence(level, failed));
    }

    private static IEnumerable<LoggerFault> SchemaOfOneSide(TraceFacts facts)
    {
        var (database, logger) = (FactText.SchemaVersion(facts.SchemaOfDatabase), FactText.SchemaVersion(facts.SchemaOfLogger));
        if (database is null || logger is null || database == logger)
            yield break;
        yield return Fault(
            facts,
            FaultCauses.SchemaVersionDiffers,
            "Start",
            FaultCertainty.Certain,
            $"The database has schema version {database}, and the Logger works with {logger}.",
            "Migrate the database to the Logger's version, or install the Logger that the database belongs to.",
            "Get-SideState -Side (Read-Host 'Connection of this side') | Select-Object Side, SchemaVersion",
            Sources.Concluded,
            new Evidence(facts.SchemaOfDatabase!, facts.SchemaOfLogger!));
    }

    private static string Times(int count) => count == 1 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $" The trace says so {count} times.");
}
