using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LoggerCms.Databases;

namespace LoggerCms.Benchmarks.RunOne;

/// <summary>One piece of work in a fresh process, as a measurement's child.</summary>
internal static class RunOneCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            var report = await RunCoreAsync(args).ConfigureAwait(false);
            Console.WriteLine(JsonSerializer.Serialize(report, RunOneJson.Default.RunOneReport));
            return 0;
        }
        catch (LoggerCmsException failure)
        {
            Console.Error.WriteLine($"{failure.Code}: {failure.Message} {failure.Remedy}");
            return 1;
        }
    }

    private static Task<RunOneReport> RunCoreAsync(string[] args) => args switch
    {
        ["idle"] => Task.FromResult(new RunOneReport { ElapsedMilliseconds = 0, PeakBytes = PeakBytes() }),
        ["state", .. var sides] => MeasureAsync((engine, report) => StateAsync(engine, report, sides)),
        ["compare", var source, var destination] => MeasureAsync((engine, report) => CompareAsync(engine, report, source, destination)),
        ["transfer", var source, var destination, var mode, var spool, var verify] =>
            MeasureAsync((engine, report) => TransferAsync(engine, report, source, destination, mode, spool, verify)),
        ["transfer-warm", var source, var destination, var mode, var spool, var verify, var warmSource, var warmDestination] =>
            TransferWarmAsync(source, destination, mode, spool, verify, warmSource, warmDestination),
        ["delta-append", var folder, var records] => WithPeakAsync(report => DeltaWork.AppendAsync(report, folder, records)),
        ["delta-bare", var path, var records, var file] => WithPeakAsync(report => Task.FromResult(DeltaWork.Bare(report, path, records, file == "made-ahead"))),
        ["delta-replay", var folder] => WithPeakAsync(report => Task.FromResult(DeltaWork.Replay(report, folder))),
        ["image-make", var path, var objects] => WithPeakAsync(report => ImageWork.MakeAsync(report, path, objects)),
        ["image-load", var path] => WithPeakAsync(report => ImageWork.LoadAsync(report, path)),
        ["image-flush", var path, var changes] => WithPeakAsync(report => ImageWork.FlushAsync(report, path, changes)),
        ["enable-log", var side, var name] => MeasureAsync((engine, report) => EnableLogAsync(engine, report, side, name)),
        _ => throw new LoggerCmsException(
            ErrorCodes.InvalidOption,
            $"'run-one {string.Join(' ', args)}' is not known.",
            "Give idle, state SIDE…, compare SOURCE DESTINATION, transfer SOURCE DESTINATION MODE SPOOL VERIFY, enable-log SIDE NAME, delta-append FOLDER RECORDS, delta-bare FILE RECORDS growing|made-ahead, delta-replay FOLDER, image-make FILE OBJECTS, image-load FILE, or image-flush FILE CHANGES."),
    };

    private static async Task<RunOneReport> MeasureAsync(Func<ISideEngine, RunOneReport, Task<RunOneReport>> work)
    {
        var clock = Stopwatch.StartNew();
        var report = await work(new SideEngineFactory().Create(), new RunOneReport { ElapsedMilliseconds = 0, PeakBytes = PeakBytes() }).ConfigureAwait(false);
        return report with { ElapsedMilliseconds = clock.Elapsed.TotalMilliseconds, PeakBytes = PeakBytes() };
    }

    /// <summary>Work that takes its own time.</summary>
    private static async Task<RunOneReport> WithPeakAsync(Func<RunOneReport, Task<RunOneReport>> work)
    {
        var report = await work(new RunOneReport { ElapsedMilliseconds = 0, PeakBytes = 0 }).ConfigureAwait(false);
        return report with { PeakBytes = PeakBytes() };
    }

    private static async Task<RunOneReport> StateAsync(ISideEngine engine, RunOneReport report, string[] sides)
    {
        var states = await Task.WhenAll(sides.Select(side =>
            engine.GetSideStateAsync(new SideStateRequest { Side = new SideConnection(side) }, null, CancellationToken.None))).ConfigureAwait(false);
        return report with { States = [.. states.Select(s => new StateFigures(s.Rows, s.Bytes, s.Checksum))] };
    }

    private static async Task<RunOneReport> CompareAsync(ISideEngine engine, RunOneReport report, string source, string destination)
    {
        var request = new ComparisonRequest { Source = new SideConnection(source), Destination = new SideConnection(destination) };
        var result = await engine.CompareAsync(request, null, null, CancellationToken.None).ConfigureAwait(false);
        return report with
        {
            Comparison = new ComparisonFigures($"{result.Equal}", result.RowsEqual, result.RowsDifferent, result.Tables, $"{result.ComparedBy}"),
        };
    }

    private static async Task<RunOneReport> TransferAsync(
        ISideEngine engine, RunOneReport report, string source, string destination, string mode, string spool, string verify)
    {
        var request = new StateTransferRequest
        {
            Source = new SideConnection(source),
            Destination = new SideConnection(destination),
            Mode = Enum.Parse<StateTransferMode>(mode),
            Spool = Enum.Parse<SpoolMode>(spool),
            Verify = verify == "default" ? null : Enum.Parse<VerifyLevel>(verify),
        };
        var result = await engine.TransferAsync(request, null, CancellationToken.None).ConfigureAwait(false);
        return report with
        {
            Transfer = new TransferFigures(
                $"{result.Status}", $"{result.Mode}", result.RowsInserted, result.RowsUpdated, result.RowsDeleted, $"{result.Verified}", result.UndoPath),
        };
    }

    /// <summary>The same work once more on a tiny pair first: the time in a shell that has transferred before.</summary>
    private static async Task<RunOneReport> TransferWarmAsync(
        string source, string destination, string mode, string spool, string verify, string warmSource, string warmDestination)
    {
        await MeasureAsync((engine, report) => TransferAsync(engine, report, warmSource, warmDestination, mode, spool, verify)).ConfigureAwait(false);
        return await MeasureAsync((engine, report) => TransferAsync(engine, report, source, destination, mode, spool, verify)).ConfigureAwait(false);
    }

    private static async Task<RunOneReport> EnableLogAsync(ISideEngine engine, RunOneReport report, string side, string name)
    {
        await engine.EnableLogAsync(new EnableLogRequest { Side = new SideConnection(side), SideName = name }, CancellationToken.None).ConfigureAwait(false);
        return report;
    }

    private static long PeakBytes()
    {
        if (!OperatingSystem.IsLinux())
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }

        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
