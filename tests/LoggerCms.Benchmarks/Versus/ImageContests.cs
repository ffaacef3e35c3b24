using System.Globalization;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>The run time image: loading it from a system database against sqlite3 reading the same rows to nowhere.</summary>
internal sealed class ImageContests(VersusOptions options, Workspace workspace, OurChild child)
{
    public const string Load = "rti-load";

    private const double MemoryReach = 2.0;

    /// <summary>Of the data of one of <see cref="Image.SampleObjects"/>, as rows hold it.</summary>
    private const long DataBytesAnObject = 490;

    public static IReadOnlyList<string> Names => [Load];

    public async Task RunAsync(ContestRunner runner, CancellationToken cancellationToken)
    {
        const long bytesAnObject = 1200;
        workspace.Require(options.Rows * bytesAnObject);
        var file = workspace.Path("system.db");
        if (!File.Exists(file))
            await child.RunAsync(cancellationToken, "image-make", file, options.Rows.ToString(CultureInfo.InvariantCulture));
        await runner.RunAsync(Loads(file), cancellationToken);
    }

    private Contest Loads(string file) => new()
    {
        Name = Load,
        Work = string.Create(CultureInfo.InvariantCulture, $"run time image of {options.Rows:N0} objects from SQLite"),
        MemoryReachBytes = (long)(MemoryReach * DataBytesAnObject * options.Rows),

        // The call alone: the child then counts bytes and collects garbage to tell how much memory it took.
        Pairings = [new("ours", "sqlite3 reading the same rows to nowhere", 1.5, ByInside: true)],
        Contestants =
        [
            new()
            {
                Name = "ours",
                IsOurs = true,

                // As the node's process has it.
                RunAsync = token => child.With("DOTNET_gcServer", "1").With("DOTNET_GCDynamicAdaptationMode", "0").RunAsync(token, "image-load", file),
                CheckAsync = (report, _) =>
                {
                    var image = report!.Image!;
                    Checks.Require(image.Objects == options.Rows, $"ours loaded {image.Objects} objects");
                    var ratio = (double)image.HeapBytes / image.RawBytes;
                    return Task.FromResult(string.Create(
                        CultureInfo.InvariantCulture,
                        $"every object by its id, with all indexes; rows read after {image.ReadMilliseconds:0} ms; {image.ProcessorMilliseconds:0} ms of processor time; the heap is then {ratio:0.00} of the data's {image.RawBytes:N0} bytes (reach {MemoryReach:0.0}: {(ratio <= MemoryReach ? "yes" : "no")})"));
                },
            },
            new()
            {
                Name = "sqlite3 reading the same rows to nowhere",
                NotRun = Shell.Find("sqlite3") is null ? "not run: no sqlite3 on this machine" : null,
                RunAsync = async token =>
                {
                    var result = await Shell.BashAsync($"sqlite3 -readonly {Shell.Quote(file)} 'SELECT * FROM cms_object' >/dev/null", token);
                    return (new Sample(result.Elapsed, result.Elapsed), null);
                },
                CheckAsync = async (_, token) =>
                {
                    var result = await Shell.BashAsync($"sqlite3 -readonly {Shell.Quote(file)} 'SELECT count(*) FROM cms_object'", token);
                    Checks.Require(result.Output.Trim() == options.Rows.ToString(CultureInfo.InvariantCulture), $"sqlite3 counted {result.Output.Trim()}");
                    return $"it counts {result.Output.Trim()} rows (apart from the timed run)";
                },
            },
        ],
    };
}
