using System.Diagnostics;

namespace LoggerCms.Benchmarks.Versus;

internal sealed class CommandFailedException(string message) : Exception(message);

internal sealed record CommandResult(TimeSpan Elapsed, string Output);

/// <summary>Runs other programs.</summary>
internal static class Shell
{
    public static Task<CommandResult> BashAsync(string script, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null)
        => RunAsync("bash", ["-c", "set -o pipefail; " + script], cancellationToken, environment);

    /// <exception cref="CommandFailedException">It ended with another exit code than 0.</exception>
    public static async Task<CommandResult> RunAsync(
        string program, IEnumerable<string> arguments, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start) ?? throw new CommandFailedException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        var elapsed = clock.Elapsed;
        var text = await output;
        if (process.ExitCode != 0)
            throw new CommandFailedException($"{program} ended with exit code {process.ExitCode}: {Tail(await error)}{Tail(text)}");
        return new CommandResult(elapsed, text);
    }

    /// <summary>The program's path, or null where it is not on this machine.</summary>
    public static string? Find(string program, params string[] further)
        => (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Concat(further)
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    public static string Quote(string text) => "'" + text.Replace("'", @"'\''", StringComparison.Ordinal) + "'";

    private static string Tail(string text) => text.Length <= 600 ? text : "…" + text[^600..];
}
