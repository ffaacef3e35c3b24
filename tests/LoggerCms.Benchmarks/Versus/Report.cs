using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>Turns results into text.</summary>
internal static partial class Report
{
    public static string Time(TimeSpan time)
        => time < TimeSpan.FromSeconds(1)
            ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms")
            : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");

    /// <summary>One line a pairing, for the console.</summary>
    public static IEnumerable<string> Lines(ContestResult result)
    {
        foreach (var pairing in result.Contest.Pairings.Where(p => Has(result, p)))
            yield return $"{pairing.Ours} / {pairing.Peer}: {Outcome(result, pairing)}";
        if (result.Control is not null)
            yield return $"control: {result.Control}";
    }

    public static string Markdown(MachineInfo machine, VersusOptions options, ContestRunner runner, long idleBytes)
    {
        var results = runner.Results;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Measured {machine.Date}, {options.Rows:N0} rows, {options.Rounds} rounds, in {runner.Elapsed.TotalMinutes:0} minutes.")
            .AppendLine();
        foreach (var line in machine.Lines)
            text.AppendLine("- " + line);
        text.AppendLine().AppendLine("| work | ours | engine's call alone | against | its time | ratio | reach | reached |")
            .AppendLine("| --- | --- | --- | --- | --- | --- | --- | --- |");
        foreach (var result in results)
        {
            foreach (var pairing in result.Contest.Pairings.Where(p => Has(result, p)))
                text.AppendLine(Row(result, pairing));
        }

        text.AppendLine().AppendLine("How it was checked that all did the same work:").AppendLine();
        foreach (var result in results)
        {
            foreach (var contestant in result.Contestants)
                text.AppendLine($"- {result.Contest.Name}, {contestant.Name}: {contestant.NotRun ?? contestant.Check}");
            if (result.Control is not null)
                text.AppendLine($"- {result.Contest.Name}, control: {result.Control}");
        }

        foreach (var contest in runner.NotRun)
            text.AppendLine($"- {contest}");
        text.AppendLine().AppendLine("Memory: the most that the child process ever held (VmHWM, mapped files counted too), less that of the idle process.").AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"| work at {options.Rows:N0} rows | above the idle process ({Megabytes(idleBytes)}) | reach | reached |")
            .AppendLine("| --- | --- | --- | --- |");
        foreach (var result in results)
        {
            foreach (var contestant in result.Contestants.Where(c => c.PeakBytes is not null))
            {
                var above = contestant.PeakBytes!.Value - idleBytes;
                var reach = result.Contest.MemoryReachBytes;
                text.AppendLine($"| {result.Contest.Name}, {contestant.Name} | {Megabytes(above)} | {Megabytes(reach)} | {(above <= reach ? "yes" : "no")} |");
            }
        }

        return text.ToString();
    }

    /// <summary>One line without escape sequences and without the folders of the machine.</summary>
    public static string OneLine(string message)
        => string.Join(' ', Escapes().Replace(message, string.Empty)
            .Replace(OurChild.RepositoryRoot, ".", StringComparison.Ordinal)
            .Replace(Path.GetTempPath(), "temp/", StringComparison.Ordinal)
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex Escapes();

    /// <summary>Text for a cell of a table.</summary>
    private static string Cell(string text) => text.Replace("|", @"\|", StringComparison.Ordinal);

    private static bool Has(ContestResult result, Pairing pairing)
        => result.Contestants.Any(c => c.Name == pairing.Ours) && result.Contestants.Any(c => c.Name == pairing.Peer);

    private static string Row(ContestResult result, Pairing pairing)
    {
        var (ours, peer) = (result[pairing.Ours], result[pairing.Peer]);
        var reach = pairing.Reach is { } ratio ? ratio.ToString("0.##", CultureInfo.InvariantCulture)
            : pairing.ReachMilliseconds is { } more ? string.Create(CultureInfo.InvariantCulture, $"+{more} ms") : "shown";
        return $"| {result.Contest.Work}, {Cell(pairing.Ours)} | {Range(ours)} | {(ours.InsideMedian is { } inside ? Time(inside) : "")} | {Cell(pairing.Peer)} " +
            $"| {Range(peer)}{(pairing.ByInside && peer.InsideMedian is { } theirs ? $" (call {Time(theirs)})" : "")} | {Figure(result, pairing)} | {reach} " +
            $"| {result.Met(pairing) switch { true => "yes", false => "no", null => "" }} |";
    }

    private static string Range(ContestantResult result)
        => result.Median is { } median
            ? $"{Time(median)} ({Time(result.Samples.Min(s => s.Elapsed))}–{Time(result.Samples.Max(s => s.Elapsed))})"
            : "not run";

    private static string Figure(ContestResult result, Pairing pairing)
    {
        var (ours, peer) = result.Medians(pairing);
        if (pairing.ReachMilliseconds is not null)
            return ours - peer is { } difference ? string.Create(CultureInfo.InvariantCulture, $"{difference.TotalMilliseconds:+0;-0} ms") : "";
        return result.Ratio(pairing) is { } ratio
            ? ratio.ToString(ratio < 0.1 ? "0.000" : "0.00", CultureInfo.InvariantCulture) + (pairing.ByInside ? " (calls)" : "")
            : "";
    }

    private static string Outcome(ContestResult result, Pairing pairing)
    {
        var figure = Figure(result, pairing);
        if (figure.Length == 0)
            return "no ratio";
        var reach = pairing.Reach?.ToString("0.##", CultureInfo.InvariantCulture)
            ?? (pairing.ReachMilliseconds is { } more ? string.Create(CultureInfo.InvariantCulture, $"+{more} ms") : null);
        return reach is null ? $"{figure} (shown)" : $"{figure}, reach {reach}: {(result.Met(pairing) == true ? "reached" : "NOT reached")}";
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB");
}
