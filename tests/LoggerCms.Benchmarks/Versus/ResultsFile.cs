namespace LoggerCms.Benchmarks.Versus;

/// <summary>RESULTS.md: one section for a run of each kind, replaced whole by the next run of that kind.</summary>
internal static class ResultsFile
{
    private const string Head =
        """
        # Results

        Written by `dotnet run -c Release --project tests/LoggerCms.Benchmarks -- versus --update-results`; figures are as they came, reached or not.

        Ours runs as a fresh process (its start counts) with default durability, verification and undo, except where a row names something else;
        "engine's call alone" is the time inside that process. Every time is the median of the rounds, with the least and the most in brackets.
        The order of those who run is reversed every other round. Data is deterministic (`tests/LoggerCms.TestData`).

        """;

    public static async Task UpdateAsync(string path, string markdown, VersusOptions options, CancellationToken cancellationToken)
    {
        var kind = FormattableString.Invariant($"{(options.MemoryOnly ? "memory" : "versus")} {options.Rows} {string.Join(',', options.Only.Where(o => o != "memory"))}").TrimEnd();
        var (begin, end) = ($"<!-- begin {kind} -->", $"<!-- end {kind} -->");
        var section = $"{begin}\n{markdown.TrimEnd()}\n{end}\n";
        var text = File.Exists(path) ? await File.ReadAllTextAsync(path, cancellationToken) : Head;
        var from = text.IndexOf(begin, StringComparison.Ordinal);
        var to = text.IndexOf(end, StringComparison.Ordinal);
        text = from >= 0 && to > from ? text[..from] + section + text[(to + end.Length + 1)..] : $"{text.TrimEnd()}\n\n{section}";
        await File.WriteAllTextAsync(path, text, cancellationToken);
    }
}
