using System.Diagnostics;

namespace LoggerCms.Node.Tests;

/// <summary>The process itself, where it ends before it serves anybody.</summary>
public sealed class ProgramTests
{
    private const string FullDisk = "/dev/full";

    [Theory]
    [InlineData(FullDisk)]
    [InlineData("/dev/null")]
    public async Task A_reason_that_nothing_can_take_is_let_go_and_the_exit_code_tells(string errors)
    {
        Assert.SkipUnless(File.Exists(FullDisk), $"There is no {FullDisk} here.");
        var program = Path.Combine(AppContext.BaseDirectory, "LoggerCms.Node.dll");
        using var process = Process.Start("/bin/sh", ["-c", $"exec dotnet '{program}' --NoSuchSetting 1 2>{errors}"])!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, process.ExitCode);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    [InlineData("--port", "0", "--Help")]
    public async Task Help_shows_each_setting_in_a_line_and_starts_nothing(params string[] arguments)
    {
        var (exitCode, said, reason) = await RunAsync(arguments);
        Assert.Equal((0, ""), (exitCode, reason));
        var lines = said.Split(Environment.NewLine);
        Assert.All(
            typeof(NodeSettings).GetProperties().Select(p => p.Name).Append("settings"),
            name => Assert.Matches(@"^  --\w+ \S+  +[A-Z0-9]\S* ", Assert.Single(lines, l => l.StartsWith($"  --{name} ", StringComparison.OrdinalIgnoreCase))));
        Assert.Contains(lines, l => l.StartsWith("  --port NUMBER ", StringComparison.Ordinal) && l.EndsWith(" [6400]", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("'nonsense'", "nonsense")]
    [InlineData("'extra'", "--port", "0", "extra")]
    [InlineData("'-port'", "-port", "0")]
    [InlineData("'--auditReads'", "--auditReads")]
    [InlineData("'--takeOver'", "--takeOver", "--port", "0")]
    [InlineData("'--prot'", "--prot")]
    [InlineData("'prot'", "--prot=0")]
    [InlineData("''", "")]
    public async Task An_argument_that_stands_for_nothing_is_refused(string named, params string[] arguments)
    {
        var (exitCode, _, reason) = await RunAsync(arguments);
        Assert.Equal(1, exitCode);
        Assert.StartsWith($"[{ErrorCodes.InvalidOption}] ", reason, StringComparison.Ordinal);
        Assert.Contains(named, reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port", "0")]
    [InlineData("--port", "0", "--dataPath", "/nowhere/to/be/made")]
    public async Task A_home_that_is_no_full_path_is_refused_by_name(params string[] arguments)
    {
        var (exitCode, _, reason) = await RunAsync(arguments, "relative");
        Assert.Equal(1, exitCode);
        Assert.StartsWith($"[{ErrorCodes.InvalidOption}] LOGGERCMS_HOME is 'relative'", reason, StringComparison.Ordinal);
    }

    // In a home of its own: one that starts all the same must leave nothing in somebody's, and is ended.
    private static async Task<(int ExitCode, string Said, string Reason)> RunAsync(string[] arguments, string? otherHome = null)
    {
        var home = Directory.CreateTempSubdirectory("loggercms-program");
        try
        {
            using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "LoggerCms.Node.dll"), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["LOGGERCMS_HOME"] = otherHome ?? home.FullName },
            })!;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(TimeSpan.FromSeconds(60));
            using var end = patience.Token.Register(process.Kill);
            var (said, reason) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
            await process.WaitForExitAsync(CancellationToken.None);
            Assert.Empty(home.EnumerateFileSystemInfos());
            return (process.ExitCode, await said, await reason);
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }
}
