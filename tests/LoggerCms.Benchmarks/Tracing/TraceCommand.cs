using System.Diagnostics;
using System.Globalization;
using System.Text;
using LoggerCms.Core.Tracing;

namespace LoggerCms.Benchmarks.Tracing;

/// <summary>
/// <c>trace [MB]</c>: makes a trace of that size in the temp folder, reads it and looks for faults in it, and prints a row of a table for
/// each: megabytes (10^6 bytes) a minute, and the most memory that the process held above what it held before.
/// </summary>
internal static class TraceCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var megabytes = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        var folder = Directory.CreateTempSubdirectory("loggercms-trace-");
        try
        {
            var path = Path.Combine(folder.FullName, "trace.txt");
            var messages = Write(path, megabytes * 1_000_000L);
            var tools = new TraceTools(TimeProvider.System);
            var before = PeakMegabytes();
            Console.WriteLine("| work | messages | time | MB a minute | memory above the idle process |\n| --- | --- | --- | --- | --- |");
            await MeasureAsync($"read a trace of {megabytes} MB", megabytes, before, async () =>
            {
                long count = 0;
                await foreach (var batch in tools.ReadAsync(new TraceReadRequest { Path = path }, CancellationToken.None))
                    count += batch.Lines.Count;
                return count == messages ? count : throw new InvalidOperationException($"{count} messages were read of {messages}");
            });
            await MeasureAsync($"look for faults in a trace of {megabytes} MB", megabytes, before, async () =>
            {
                var faults = await tools.FindFaultsAsync(new FaultRequest { Path = [path] }, CancellationToken.None);
                return faults is [{ Cause: FaultCauses.AccessDenied }] ? messages : throw new InvalidOperationException($"{faults.Count} faults were found, not the one that is there");
            });
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Lines as a Logger writes them, some wrapped, and at the end the one that tells of a fault.</summary>
    private static long Write(string path, long bytes)
    {
        using var writer = new StreamWriter(path, append: false, Encoding.UTF8, 1 << 20);
        long messages = 0;
        long written = 0;
        writer.Write("Events from 2005-02-03:\n");
        while (written < bytes)
        {
            var second = (int)(messages / 200 % 86_400);
            var text = (messages % 8) switch
            {
                0 => "lb-lgr Trace: NodeManagerHandler: Logger Waiting for MDS Messages\n",
                1 => $"lb-lgr Trace: Thread[{messages % 5000}]: Commit Config Transaction {2_000_000_000 + messages}\n",
                2 => $"lb-lgr Trace: Checksum config complete: Rows = 23442, bytes = 13409511,\nchecksum = {messages}, updateKey = {310_473_991_055 + messages}\n",
                _ => $"lb-rcv Trace: Recovery of t_Termination_Call_Detail from {messages} to {messages + 7} is complete, {messages % 91} rows\n",
            };
            var line = string.Create(CultureInfo.InvariantCulture, $"{TimeSpan.FromSeconds(second):hh\\:mm\\:ss} {text}");
            writer.Write(line);
            written += line.Length;
            messages++;
        }

        writer.Write("23:59:59 lb-lgr Trace: Unable to GetTempFileName for temporary state transfer file.\n  Last API Error [5]: Access is denied.\n");
        return messages + 1;
    }

    private static async Task MeasureAsync(string work, int megabytes, double before, Func<Task<long>> run)
    {
        var clock = Stopwatch.StartNew();
        var messages = await run();
        var time = clock.Elapsed;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {work} | {messages:N0} | {time.TotalSeconds:0.00} s | {megabytes / time.TotalMinutes:N0} | {PeakMegabytes() - before:0} MB |"));
    }

    private static double PeakMegabytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 / 1e6;
    }
}
