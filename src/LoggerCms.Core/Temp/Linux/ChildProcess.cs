using System.ComponentModel;
using System.Diagnostics;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>Runs a program with nothing of this process's environment and gives what it said.</summary>
internal static class ChildProcess
{
    /// <summary>The exit code of a shell whose program cannot be started.</summary>
    private const int NotStarted = 127;

    private static readonly string[] s_folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

    /// <summary>A program of the system; never one that a user's PATH puts before it.</summary>
    public static string? Find(string name) => s_folders.Select(f => Path.Combine(f, name)).FirstOrDefault(File.Exists);

    /// <summary>Feeds the input, and ends the program when the limit is over.</summary>
    /// <returns>Exit code null where the limit was over.</returns>
    public static async Task<(int? ExitCode, byte[] Output, string Error)> RunAsync(
        string program, IEnumerable<string> arguments, ReadOnlyMemory<byte> input, TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = string.Join(':', s_folders);
        start.Environment["LC_ALL"] = "C";
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(limit);
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            return (NotStarted, [], exception.Message);
        }

        try
        {
            using var output = new MemoryStream();
            var reading = process.StandardOutput.BaseStream.CopyToAsync(output, over.Token);
            var errors = process.StandardError.ReadToEndAsync(over.Token);
            await FeedAsync(process.StandardInput.BaseStream, input, over.Token).ConfigureAwait(false);
            await reading.ConfigureAwait(false);
            var error = await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(over.Token).ConfigureAwait(false);
            return (process.ExitCode, output.ToArray(), error);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, [], $"no answer within {limit.TotalSeconds} s");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static async Task FeedAsync(Stream target, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await using (target.ConfigureAwait(false))
                await target.WriteAsync(input, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The program ended before it had read everything: its exit code says why.
        }
    }
}
