using System.Globalization;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>Log mode against our own Rows mode, with 200 entries between the sides.</summary>
internal static class LogContest
{
    private const int Entries = 200;

    internal sealed record Sides(string Source, string Destination, string TinySource, string TinyDestination)
    {
        public required Func<string, string, CancellationToken, Task> ExecuteAsync { get; init; }

        public required Func<CancellationToken, Task<string>> CheckAsync { get; init; }
    }

    public static Contest Create(string name, OurChild child, Sides sides)
    {
        var round = 0;
        Contestant One(string contestant, StateTransferMode mode, string verify) => new()
        {
            Name = contestant,
            IsOurs = true,
            PrepareAsync = async token =>
            {
                round++;
                await sides.ExecuteAsync(sides.Source, Changes(round, Entries), token);
                await sides.ExecuteAsync(sides.TinySource, Changes(round, 10), token);
            },
            RunAsync = token => child.RunAsync(
                token, "transfer-warm", sides.Source, sides.Destination, mode.ToString(), "File", verify, sides.TinySource, sides.TinyDestination),
            CheckAsync = async (report, token) =>
            {
                var text = Checks.Completed(report, mode);
                Checks.Require(report!.Transfer!.RowsUpdated == Entries, $"ours updated {report.Transfer.RowsUpdated} rows and not {Entries}");
                return $"{text}; {await sides.CheckAsync(token)}";
            },
        };

        return new Contest
        {
            Name = name,
            Work = string.Create(CultureInfo.InvariantCulture, $"Log mode, {Entries} entries"),
            Pairings =
            [
                new("Log, ChangedRows", "our own Rows mode", 0.02, ByInside: true),
                new("Log, AllRows", "our own Rows mode", null, ByInside: true),
            ],
            Contestants =
            [
                One("Log, ChangedRows", StateTransferMode.Log, "default"),
                One("Log, AllRows", StateTransferMode.Log, "AllRows"),
                One("our own Rows mode", StateTransferMode.Rows, "default"),
            ],
        };
    }

    /// <summary>Half of the rows by integer key, the rest by text and GUID keys.</summary>
    private static string Changes(int round, int count) => string.Join(' ', new[] { ("config_agent", count / 2), ("config_person", count / 4), ("config_device_target", count / 4) }
        .Select(part => string.Create(
            CultureInfo.InvariantCulture, $"UPDATE {part.Item1} SET note = 'round {round}' WHERE config_no >= 11 AND config_no < {11 + part.Item2};")));
}
