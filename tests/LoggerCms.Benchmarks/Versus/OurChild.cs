using System.Text.Json;
using LoggerCms.Benchmarks.RunOne;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>Runs our work in a fresh process: this program with the verb run-one.</summary>
internal sealed class OurChild
{
    private readonly string _program;
    private readonly IReadOnlyDictionary<string, string> _environment;

    private OurChild(string program, string description, IReadOnlyDictionary<string, string> environment)
        => (_program, Description, _environment) = (program, description, environment);

    private OurChild(string program, string description, Workspace workspace)
    {
        _program = program;
        Description = description;

        // Transfer records, spools and undo files stay inside the workspace.
        _environment = new Dictionary<string, string>
        {
            ["TMPDIR"] = Directory.CreateDirectory(workspace.Path("temp")).FullName,
            ["LOGGERCMS_HOME"] = workspace.Path("home"),
        };
    }

    /// <summary>How it was compiled and runs.</summary>
    public string Description { get; }

    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Compiles it ahead of time, or takes the build as it is, which a machine without ReadyToRun's packages would package.</summary>
    public static async Task<OurChild> CreateAsync(VersusOptions options, Workspace workspace, CancellationToken cancellationToken)
    {
        var built = Environment.ProcessPath ?? throw new InvalidOperationException("This process has no path.");
        if (options.BuiltChild)
            return new OurChild(built, "compiled by the JIT, which the packaged module is not; tiered compilation and tiered PGO on, as in pwsh", workspace);

        var folder = await AheadOfTime.PublishAsync("tests/LoggerCms.Benchmarks", cancellationToken);
        return new OurChild(Path.Combine(folder, Path.GetFileName(built)), AheadOfTime.Description, workspace);
    }

    public async Task<(Sample Sample, RunOneReport? Report)> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var result = await Shell.RunAsync(_program, ["run-one", .. arguments], cancellationToken, _environment);
        var report = JsonSerializer.Deserialize<RunOneReport>(result.Output.TrimEnd().Split('\n')[^1])
            ?? throw new CommandFailedException("The child reported nothing.");
        return (new Sample(result.Elapsed, TimeSpan.FromMilliseconds(report.ElapsedMilliseconds), report.PeakBytes), report);
    }

    /// <summary>The same with a variable set, to show what it would bring.</summary>
    public OurChild With(string variable, string value)
        => new(_program, Description, new Dictionary<string, string>(_environment) { [variable] = value });

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LoggerCms.sln")))
                return folder.FullName;
        }

        throw new CommandFailedException("LoggerCms.sln is in no folder above this program; run it inside the repository.");
    }
}
