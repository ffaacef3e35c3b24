using System.Globalization;
using System.Runtime.InteropServices;

namespace LoggerCms.Benchmarks.Versus;

/// <summary>What the figures were measured on, and with which peers.</summary>
internal sealed record MachineInfo(string Date, IReadOnlyList<string> Lines)
{
    public static async Task<MachineInfo> ReadAsync(OurChild child, CancellationToken cancellationToken)
    {
        var lines = new List<string>
        {
            $"{Environment.ProcessorCount} cores: {Processor()}; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}",
            $"Ours: {child.Description}",
        };
        if (File.Exists("/proc/loadavg"))
        {
            var load = (await File.ReadAllTextAsync("/proc/loadavg", cancellationToken)).Split(' ')[0];
            lines.Add($"Load of the machine when it began: {load}");
        }

        foreach (var (program, argument) in new[]
        {
            ("sqlite3", "--version"), ("psql", "--version"), ("mariadbd", "--version"), ("pt-table-sync", "--version"), ("pwsh", "--version"),
        })
        {
            lines.Add(Shell.Find(program, "/usr/sbin") is { } path
                ? $"{program}: {(await Shell.RunAsync(path, [argument], cancellationToken)).Output.Split('\n')[0].Trim()}"
                : $"{program}: not on this machine");
        }

        return new MachineInfo(DateTimeOffset.UtcNow.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture), lines);
    }

    private static string Processor()
    {
        if (!File.Exists("/proc/cpuinfo"))
            return RuntimeInformation.ProcessArchitecture.ToString();
        var lines = File.ReadLines("/proc/cpuinfo").ToList();
        string Field(string name) => lines.FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown";
        var sha = Field("flags").Split(' ').Contains("sha_ni") ? "with SHA instructions" : "without SHA instructions";
        return $"{Field("model name")} (family {Field("cpu family")}, model {Field("model\t")}), {sha}";
    }
}
