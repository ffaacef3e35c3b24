using System.Globalization;

namespace LoggerCms.Benchmarks.Versus;

internal sealed record VersusOptions
{
    public const string Usage =
        """
        versus [--rows 1000000] [--rounds 3] [--only NAME[,NAME…]] [--limit MINUTES] [--work FOLDER] [--child package|build] [--update-results]

        NAME: sqlite-compare, sqlite-checksum, sqlite-level, sqlite-full, sqlite-log, seed-checksum, postgresql-compare, postgresql-full,
              postgresql-level, postgresql-log, import-module, delta-append, delta-replay, rti-load; or memory: ours of all of them, one round, without the peers.
        """;

    public long Rows { get; init; } = 1_000_000;

    public int Rounds { get; init; } = 3;

    public IReadOnlyList<string> Only { get; init; } = [];

    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(45);

    public string? Work { get; init; }

    /// <summary>Use the build as it is; otherwise the child is compiled ahead of time (ReadyToRun), as the packaged module is.</summary>
    public bool BuiltChild { get; init; }

    public bool UpdateResults { get; init; }

    public bool MemoryOnly => Only.Contains("memory");

    public bool Wants(string name) => Only is [] or ["memory"] || Only.Contains(name);

    public static VersusOptions Parse(string[] args)
    {
        var options = new VersusOptions();
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--update-results")
            {
                options = options with { UpdateResults = true };
                continue;
            }

            var value = i + 1 < args.Length ? args[i + 1] : throw new FormatException($"'{args[i]}' needs a value.");
            options = args[i] switch
            {
                "--rows" => options with { Rows = long.Parse(value, CultureInfo.InvariantCulture) },
                "--rounds" => options with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) },
                "--only" => options with { Only = value.Split(',') },
                "--limit" => options with { Limit = TimeSpan.FromMinutes(double.Parse(value, CultureInfo.InvariantCulture)) },
                "--work" => options with { Work = value },
                "--child" => options with { BuiltChild = value == "build" },
                _ => throw new FormatException($"'{args[i]}' is not an option."),
            };
            i++;
        }

        return options;
    }
}
