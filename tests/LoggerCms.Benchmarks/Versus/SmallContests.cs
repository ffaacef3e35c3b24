using System.Globalization;
using System.Runtime.InteropServices;
using LoggerCms.TestData;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>The rows of the table that need no large data.</summary>
internal static class SmallContests
{
    private const int Imports = 5;

    public static Contest SeedChecksum(Workspace workspace, OurChild child)
    {
        var side = workspace.Path("field.db");
        if (!File.Exists(side))
            SqliteData.Create(side, ConfigData.FieldRows);
        return new Contest
        {
            Name = "seed-checksum",
            Work = "checksum of the field report's side (23,442 rows, 13 MB)",
            Pairings = [new("ours", "the field report's 4 s", 0.05)],
            Contestants =
            [
                new()
                {
                    Name = "ours",
                    IsOurs = true,
                    RunAsync = token => child.RunAsync(token, "state", side),
                    CheckAsync = (report, _) =>
                    {
                        var state = report!.States[0];
                        Checks.Require(state.Rows == ConfigData.FieldRows, $"ours read {state.Rows} rows");
                        return Task.FromResult(string.Create(CultureInfo.InvariantCulture, $"{state.Rows:N0} rows, {state.Bytes:N0} bytes"));
                    },
                },
                new()
                {
                    Name = "the field report's 4 s",
                    RunAsync = _ => Task.FromResult<(Sample, RunOne.RunOneReport?)>((new Sample(TimeSpan.FromSeconds(4)), null)),
                    CheckAsync = (_, _) => Task.FromResult("from 23:26:59 to 23:27:03 in the report: 23,442 rows, 13,409,511 bytes, on the hardware of its day"),
                },
            ],
        };
    }

    /// <summary>Imports the packaged module; what a developer's build stages may be a debug build.</summary>
    public static async Task<Contest> ImportModuleAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        if (Shell.Find("pwsh") is null)
            throw new CommandFailedException("pwsh is not on this machine");
        var packages = Path.Combine(OurChild.RepositoryRoot, "out", RuntimeInformation.RuntimeIdentifier, "LoggerCms");
        await Shell.RunAsync(
            "pwsh",
            ["-NoProfile", "-NonInteractive", "-File", Path.Combine(OurChild.RepositoryRoot, "build.ps1"), "Package", "-Runtime", RuntimeInformation.RuntimeIdentifier],
            cancellationToken);
        var module = Directory.GetFiles(packages, "LoggerCms.psd1", SearchOption.AllDirectories).OrderBy(File.GetLastWriteTimeUtc).Last();
        var empty = Directory.CreateDirectory(workspace.Path("Empty")).FullName;
        File.WriteAllText(Path.Combine(empty, "Empty.psm1"), string.Empty);
        File.WriteAllText(Path.Combine(empty, "Empty.psd1"), "@{ RootModule = 'Empty.psm1'; ModuleVersion = '1.0'; GUID = '8a0c9b1e-6a51-4a53-a7a4-3a0e6c0b7d11' }");
        return new Contest
        {
            Name = "import-module",
            Work = "Import-Module in a fresh pwsh",
            Pairings = [new("LoggerCms", "an empty script module", null, ReachMilliseconds: 80)],
            Contestants =
            [
                Import("LoggerCms", module, isOurs: true, "(Get-Command -Module LoggerCms).Count -ge 5", "its cmdlets are there afterwards"),
                Import("an empty script module", Path.Combine(empty, "Empty.psd1"), isOurs: false, "$null -ne (Get-Module Empty)", "it is loaded afterwards"),
            ],
        };
    }

    /// <summary>The time around Import-Module inside a fresh shell; the median of several shells is one sample.</summary>
    private static Contestant Import(string name, string manifest, bool isOurs, string check, string checkedAs)
    {
        var script =
            $"$w = [Diagnostics.Stopwatch]::StartNew(); Import-Module {Shell.Quote(manifest)} -ErrorAction Stop; $w.Stop(); " +
            $"if (-not ({check})) {{ exit 3 }}; $w.Elapsed.Ticks";
        return new Contestant
        {
            Name = name,
            IsOurs = isOurs,
            RunAsync = async token =>
            {
                var times = new List<long>();
                for (var i = 0; i < Imports; i++)
                {
                    var result = await Shell.RunAsync("pwsh", ["-NoProfile", "-NonInteractive", "-Command", script], token);
                    times.Add(long.Parse(result.Output.Trim(), CultureInfo.InvariantCulture));
                }

                times.Sort();
                return (new Sample(TimeSpan.FromTicks(times[Imports / 2])), null);
            },
            CheckAsync = (_, _) => Task.FromResult(checkedAs),
        };
    }
}
