using System.Diagnostics;
using System.Xml.Linq;
using Xunit;

namespace LoggerCms.PowerShell.Tests;

/// <summary>Runs the Pester files, each in a fresh PowerShell against the staged module.</summary>
public sealed class PesterTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static TheoryData<string> Files
        => [.. Directory.EnumerateFiles(Repository.PathOf("tests", "Pester"), "*.Tests.ps1").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Pester_passes(string file)
    {
        var shell = OnPath("pwsh");
        Assert.SkipUnless(shell is not null, "PowerShell (pwsh) is not on PATH");

        // It compiles everything ahead of time, which takes longer than all other files together.
        Assert.SkipWhen(
            file == "Package.Tests.ps1" && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("LOGGERCMS_TEST_PACKAGE")),
            "LOGGERCMS_TEST_PACKAGE is not set: the package is made and tested on demand");

        var report = Path.Combine(Path.GetTempPath(), $"loggercms-pester-{Guid.NewGuid():N}.xml");
        try
        {
            var (exitCode, text) = await RunAsync(
                shell!, Repository.PathOf("tests", "Pester", "Invoke-PesterFile.ps1"), "-Path", Repository.PathOf("tests", "Pester", file), "-Report", report,
                "-Configuration", Repository.Configuration);
            output.WriteLine(text);

            Assert.SkipWhen(exitCode == 3, "Pester 5 or later is not installed");
            Assert.True(File.Exists(report), $"Pester wrote no report; exit code {exitCode}:\n{text}");
            var results = XDocument.Load(report).Root!;
            Assert.Equal(0, (int)results.Attribute("failures")! + (int)results.Attribute("errors")!);
            Assert.True((int)results.Attribute("total")! > 0, "the file holds no test");
            Assert.Equal(0, exitCode);
        }
        finally
        {
            File.Delete(report);
        }
    }

    private static async Task<(int ExitCode, string Text)> RunAsync(string shell, params string[] arguments)
    {
        var start = new ProcessStartInfo(shell) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-NoProfile", "-NonInteractive", "-File", .. arguments])
            start.ArgumentList.Add(argument);

        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var standardOutput = process.StandardOutput.ReadToEndAsync(limit.Token);
            var standardError = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await standardOutput + await standardError);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string? OnPath(string name)
        => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => new[] { Path.Combine(folder, name), Path.Combine(folder, name + ".exe") })
            .FirstOrDefault(File.Exists);
}
